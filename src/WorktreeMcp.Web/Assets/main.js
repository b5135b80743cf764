// The page: which view, what is live, the keys. Views draw what they are given and keep what has not changed.
import { el, fill, said, code, mark } from "./dom.js";
import { many, now, tick, time } from "./words.js";
import { get } from "./api.js";
import { follow } from "./live.js";
import { drawBoard, link, sentence, withMore } from "./board.js";
import { drawTask, openHurdles } from "./task.js";
import { keep, keys, land, newTask, refused, release } from "./dialogs.js";

const main = document.getElementById("main"), top_ = document.getElementById("top"), lostbar = document.getElementById("lostbar"), news = document.getElementById("news");
const stored = { get: name => { try { return localStorage.getItem(name); } catch { return null; } }, set: (name, value) => { try { localStorage.setItem(name, value); } catch { /* then it holds for this tab */ } } };

const settings = {
  theme: () => stored.get("theme") ?? "auto",
  setTheme: theme => { stored.set("theme", theme); settings.apply(theme); },
  apply: theme => { if (theme === "auto") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = theme; },
  letters: () => stored.get("letters") !== "off",
  setLetters: on => stored.set("letters", on ? "on" : "off"),
};
settings.apply(settings.theme());

const page = {
  repository: 0, lost: false, person: "", repositories: [], filters: {}, pages: {}, allDone: false, allAsks: false, lastAnswered: null,
  board: null, task: null,
  newTask: () => newTask(page),
  answered: who => { page.lastAnswered = { who, at: now() }; setTimeout(() => page.reload(), 600); },
  done: reply => { tell(reply.done + "."); page.told = reply; page.reload(); },
  filter: (name, value) => { page.filters[name] = value === "*" ? undefined : value.slice(1); page.pages = {}; page.reload(); },
  neighbours: (id, column) => {
    const cards = page.board?.columns.find(row => row.kind === column)?.cards ?? [], at = cards.findIndex(card => card.id === id);
    return at < 0 ? [] : [[cards[at - 1]?.id, "Previous", "["], [cards[at + 1]?.id, "Next", "]"]];
  },
  redraw: () => draw(),
  reload: () => load(),
};

// Where one is: #/0, #/0/task/36/changes, #/0/task/36/run/abc
const where = () => {
  const [, repository, kind, id, tab, run] = location.hash.split("/");
  return { repository: Number(repository) || 0, task: kind === "task" ? Number(id) : null, tab: tab && tab !== "run" ? tab : "brief", run: tab === "run" ? decodeURIComponent(run ?? "") : null };
};

const query = () => {
  const asked = new URLSearchParams();
  if (page.filters.q) asked.set("q", page.filters.q);
  if (page.filters.owner !== undefined) asked.set("owner", page.filters.owner);
  if (page.filters.label) asked.set("label", page.filters.label);
  return asked.toString();
};

// One question at a time; what comes meanwhile is asked once more afterwards.
let loading = null, again = false, following = null;
const load = async () => {
  if (loading) { again = true; return loading; }
  loading = (async () => {
    do {
      again = false;
      await once();
    } while (again);
  })().finally(() => { loading = null; });
  return loading;
};

const once = async () => {
  const at = where();
  if (at.repository !== page.repository) { page.repository = at.repository; page.pages = {}; page.filters = {}; page.board = null; }
  try {
    const asked = query(), board = await get(`/api/${page.repository}/board${asked ? `?${asked}` : ""}`);
    page.board = await withMore(board, page, asked);
    page.person = board.person;
    page.repositories = board.repositories;
    const task = at.task ? await get(`/api/${page.repository}/tasks/${at.task}`) : null;
    // Whoever has gone elsewhere meanwhile is not shown what was asked for before.
    if (JSON.stringify(where()) !== JSON.stringify(at)) { again = true; return; }
    page.task = task;
    following ??= follow(board.seq, { happened: soon, look: soon, reset: soon, state });
    await draw();
  } catch (fault) {
    if (fault.status === 404 || fault.status === 409 || fault.status === 400) {
      main.dataset.view = "none";
      main.className = "page";
      fill(main, el("h1", { id: "view-h", tabindex: -1 }, "Nothing is there"), el("p", {}, refused(fault)), el("p", {}, el("a", { href: `#/${page.repository}` }, "Board")));
    } else if (fault.status === 403) { state(false); } else if (!(fault instanceof TypeError)) throw fault;
  }
};

let pending = null;
const soon = () => { pending ??= setTimeout(() => { pending = null; load(); }, 20); };

// Connection: what changes something waits, what is shown stays readable.
let lostAt = null;
const state = live => {
  if (live === !page.lost && lostAt === null && live) { return; }
  page.lost = !live;
  lostAt = live ? null : lostAt ?? now();
  document.body.classList.toggle("lost", !live);
  for (const button of document.querySelectorAll("[data-act]")) button.disabled = !live;
  lostbar.hidden = live;
  if (!live) fill(lostbar, mark("fail"), el("div", {}, el("h2", {}, "The program behind this page is gone"), el("p", {}, "What you see is as it was ", time(lostAt, "ago"), ". It comes back by itself with ", el("code", {}, "worktree-mcp web"), "; what you typed stays.")));
  drawTop();
  if (live) load();
};

const drawTop = () => {
  const board = page.board;
  if (!board) return;
  if (!top_.firstChild) {
    const search = el("input", { id: "find", type: "search", placeholder: "Search tasks", "aria-keyshortcuts": "/" });
    let typing;
    search.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => { page.filters.q = search.value.trim() || undefined; page.pages = {}; if (where().task && search.value) location.hash = `#/${page.repository}`; else load(); }, 180); });
    fill(top_, el("a", { class: "skip", href: "#main", onclick: event => { event.preventDefault(); main.focus(); } }, "To the content"), el("div", { class: "repo-switch" }), el("p", { class: "base" }), el("ul", { class: "facts", "aria-label": "Repository" }),
      el("div", { class: "tools" }, el("search", {}, el("label", { class: "vh", for: "find" }, "Search tasks"), search), el("button", { class: "btn", type: "button", "data-act": "", "aria-keyshortcuts": "n", onclick: page.newTask }, "New task"), el("button", { class: "btn plain", type: "button", onclick: () => keys(settings) }, el("kbd", { "aria-hidden": "true" }, "?"), el("span", { class: "vh" }, "Keys and settings"))));
  }
  const json = JSON.stringify([board.name, board.base, board.baseCommit, board.agents, board.ready, board.worktrees, board.drift, board.repositories, page.lost, page.repository]);
  if (top_.known === json) return;
  top_.known = json;
  const home = el("a", { class: "repo", href: `#/${page.repository}` }, el("span", { class: "glyph", "aria-hidden": "true" }), said(board.name));
  fill(top_.querySelector(".repo-switch"), home, board.repositories.length > 1 && el("select", { "aria-label": "Repository", onchange: event => { location.hash = `#/${event.target.value}`; } }, board.repositories.map(one => el("option", { value: one.index, selected: one.index === page.repository }, one.needs > 0 ? `${one.name} (${one.needs})` : one.name))));
  fill(top_.querySelector(".base"), board.base && ["into ", code(board.base), board.baseCommit && [" ", el("code", { class: "dim" }, board.baseCommit.slice(0, 7))]]);
  fill(top_.querySelector(".facts"),
    board.agents.length > 0 && el("li", {}, el("b", {}, board.agents.length), board.agents.length === 1 ? " agent here" : " agents here", el("span", { class: "may-go" }, ": ", board.agents.slice(0, 5).map((one, index) => [index > 0 && ", ", said(one)]), board.agents.length > 5 && ", …")),
    el("li", {}, el("b", {}, board.ready), " ready"),
    el("li", { class: "may-go-2" }, el("b", {}, board.worktrees), board.worktrees === 1 ? " worktree" : " worktrees"),
    board.drift.length > 0 && el("li", {}, el("details", { class: "drift" }, el("summary", {}, mark("over"), " ", many(board.drift.length, "thing"), board.drift.length === 1 ? " differs from its record" : " differ from their record"), el("ul", {}, board.drift.map(one => el("li", {}, said(one)))))),
    page.lost ? el("li", { class: "live gone" }, "Lost ", time(lostAt ?? now(), "ago")) : el("li", { class: "live" }, "Live"));
};

// Spoken: only what needs somebody, in whole sentences, not faster than one can listen.
const spoken = { known: null, last: 0, waiting: [] };
const speak = () => {
  const asks = page.board.asks, keyOf = ask => `${ask.repository}-${ask.task}-${ask.kind}-${ask.at}`;
  if (spoken.known) spoken.waiting.push(...asks.filter(ask => !spoken.known.has(keyOf(ask))).map(sentence));
  spoken.known = new Set(asks.map(keyOf));
  if (spoken.waiting.length > 0 && now() - spoken.last >= 5) {
    tell(spoken.waiting.length === 1 ? spoken.waiting[0] : `${spoken.waiting.length} more need you.`);
    spoken.waiting = [];
  }
};
const tell = text => { spoken.last = now(); news.textContent = text; };

let shownAt = null, cardOf = null;
const draw = async () => {
  const at = where(), key = JSON.stringify(at), moved = shownAt !== null && shownAt !== key, fromTask = shownAt !== null && JSON.parse(shownAt).task;
  if (!page.board) return;
  drawTop();
  speak();
  if (page.task) { cardOf = page.task.id; await drawTask(main, page.task, page, at.tab, at.run); } else drawBoard(main, page.board, page);
  const count = page.board.repositories.reduce((sum, one) => sum + one.needs, 0);
  document.title = `${count > 0 ? `(${count}) ` : ""}${page.board.name}: ${page.task ? `#${page.task.id} ${page.task.subject}` : "board"}`;
  shownAt = key;
  main.dataset.here = location.hash || `#/${page.repository}`;
  if (moved && !document.querySelector("dialog[open]")) {
    const back = !page.task && fromTask && cardOf ? document.querySelector(`#card-${cardOf} .open`) : null;
    if (back) back.focus(); else { scrollTo(0, 0); document.getElementById("view-h")?.focus({ preventScroll: true }); }
  }
};

addEventListener("hashchange", () => load());
setInterval(() => { if (!document.hidden && !page.lost) { tick(); if (spoken.waiting.length > 0) speak(); } }, 1000);
// A commit in a worktree is no event of the board: it is looked for while somebody looks at the page.
setInterval(() => { if (!document.hidden && !page.lost) load(); }, 10000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) { tick(); load(); } });

// Single letters, unless one is typing.
const onTask = act => () => { if (page.task && !page.lost) act(page.task, page); };
const letters = {
  "?": () => keys(settings), n: () => !page.lost && newTask(page), b: () => { location.hash = `#/${page.repository}`; },
  "/": () => document.getElementById("find").focus(),
  a: () => (document.activeElement.closest("li, section")?.querySelector(".answer textarea") ?? main.querySelector(".answer textarea"))?.focus(),
  v: () => { if (page.task?.worktree) location.hash = link(page.repository, page.task.id, "changes"); },
  l: onTask(task => { if (task.worktree && openHurdles(task) === 0 && task.place !== "done") land(task, page); }),
  k: onTask(task => { if (task.worktree?.status === "active") keep(task, page); }),
  r: onTask(task => { if (task.owner && task.status !== "completed") release(task, page); }),
  s: () => document.getElementById("stop")?.click(),
  "[": () => main.querySelector("[aria-keyshortcuts='[']")?.click(), "]": () => main.querySelector("[aria-keyshortcuts=']']")?.click(),
};

document.addEventListener("keydown", event => {
  const typing = event.target.matches("input, textarea, select");
  if (typing && event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.target.closest("dialog")) { event.target.form?.requestSubmit(); return; }
  if (typing && event.key === "Escape" && !event.target.closest("dialog")) { event.target.blur(); return; }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key.startsWith("Arrow")) { walk(event); return; }
  const act = letters[event.key];
  if (act && (settings.letters() || event.key.length > 1)) { event.preventDefault(); act(); }
});

// Arrows go from card to card.
const walk = event => {
  const cards = [...main.querySelectorAll(".cols .open")], at = cards.indexOf(document.activeElement);
  if (cards.length === 0) return;
  if (at < 0) { if (document.activeElement === document.body || document.activeElement.id === "view-h" || document.activeElement === main) { event.preventDefault(); cards[0].focus(); } return; }
  const box = element => element.closest("li").getBoundingClientRect(), here = box(cards[at]);
  const upright = event.key === "ArrowDown" || event.key === "ArrowUp", forward = event.key === "ArrowDown" || event.key === "ArrowRight";
  const next = cards.map(card => ({ card, b: box(card) })).filter(({ b }) => upright ? Math.abs(b.left - here.left) < 4 && (forward ? b.top > here.top : b.top < here.top) : forward ? b.left > here.left + 4 : b.left < here.left - 4)
    .sort((x, y) => Math.hypot(x.b.left - here.left, x.b.top - here.top) - Math.hypot(y.b.left - here.left, y.b.top - here.top))[0];
  if (next) { event.preventDefault(); next.card.focus(); }
};

load();
