// The board: what needs somebody first, then the line with five stations.
import { el, fill, said, code, mark, reconcile } from "./dom.js";
import { columns, distance, happening, many, time } from "./words.js";
import { get, post } from "./api.js";
import { draft, refused } from "./dialogs.js";

export const link = (repository, task, tab = "brief") => `#/${repository}/task/${task}/${tab}`;

const asks = { needs_input: ["ask", who => `${who} asks`], failed: ["fail", who => `${who} gave up`], review: ["review", who => `${who} asks for a review`], unfinished: ["review", () => "Done, and not all of it is committed"] };

const person = ask => ask.by ?? "Somebody";

export const sentence = ask => ask.kind === "needs_input" ? `${person(ask)} asks about #${ask.task}, ${ask.subject}.`
  : ask.kind === "failed" ? `${person(ask)} gave up on #${ask.task}, ${ask.subject}.` : `#${ask.task}, ${ask.subject}, waits for your review.`;

const askItem = (ask, page) => {
  const [kind, words] = asks[ask.kind] ?? asks.review;
  const other = page.repositories.length > 1 ? [code(page.repositories[ask.repository].name), " "] : [];
  const top = el("div", { class: "ask-top" }, mark(kind), el("h3", {}, said(words(person(ask)))),
    el("span", { class: "cut" }, other, el("a", { href: link(ask.repository, ask.task, ask.kind === "needs_input" ? "notes" : "brief"), "data-focus": "task" }, `#${ask.task} `, said(ask.subject))), time(ask.at));
  const id = `say-${ask.repository}-${ask.task}`;
  const say = ask.text && el("p", { class: "say clamp", id }, said(ask.text, true));
  if (ask.kind !== "needs_input")
    return el("li", {}, top, say, el("div", { class: "acts" }, el("a", { class: "btn", href: link(ask.repository, ask.task, ask.worktree ? "changes" : "brief") }, ask.worktree ? "See the changes" : "Open")));
  return el("li", {}, top, say, answerForm(ask.repository, ask.task, person(ask), id, page));
};

export const answerForm = (repository, task, who, describes, page) => {
  const keep = draft(`answer-${repository}-${task}`);
  const box = el("textarea", { id: `answer-${repository}-${task}-${describes}`, rows: 2, "aria-describedby": describes, placeholder: "Your answer reaches its agent at once.", maxlength: 16000, value: keep.get(), oninput: event => keep.set(event.target.value), "data-focus": "answer" });
  const button = el("button", { class: "btn main", "data-act": "", disabled: page.lost }, "Answer");
  const told = el("p", { class: "told", role: "alert", hidden: true });
  return el("form", {
    class: "answer", onsubmit: async event => {
      event.preventDefault();
      if (!box.value.trim()) { box.focus(); return; }
      button.disabled = true;
      try {
        await post(`/api/${repository}/tasks/${task}/answer`, { text: box.value });
        keep.set("");
        box.disabled = true;
        told.hidden = false;
        fill(told, "Answered, ", said(who), " reads it.");
        page.answered(who);
      } catch (fault) {
        button.disabled = page.lost;
        told.hidden = false;
        fill(told, refused(fault));
      }
    },
  }, el("label", { class: "vh", for: box.id }, "Your answer to ", said(who)), box, button, told);
};

const needs = (node, board, page) => {
  if (board.asks.length === 0) {
    node.className = "calm";
    fill(node, el("h2", { class: "calm-h" }, "Nothing needs you."), " ", page.lastAnswered ? [`You answered `, said(page.lastAnswered.who), " ", time(page.lastAnswered.at, "ago"), "."] : "");
    return;
  }
  if (node.className !== "needs") {
    node.className = "needs";
    fill(node, el("header", {}, el("h2", { id: "needs-h" }, "Needs you"), el("b"), el("p")), el("div", {}, el("ul", { class: "asks" }), el("button", { class: "btn plain more", type: "button", hidden: true, onclick: () => { page.allAsks = true; page.redraw(); } })));
    node.setAttribute("aria-labelledby", "needs-h");
  }
  const shown = page.allAsks ? board.asks : board.asks.slice(0, 3);
  node.querySelector("header b").textContent = board.asks.length;
  fill(node.querySelector("header p"), "longest: ", time(Math.min(...board.asks.map(ask => ask.at))));
  const list = node.querySelector("ul");
  list.dataset.count = Math.min(3, shown.length);
  reconcile(list, shown, ask => `${ask.repository}-${ask.task}-${ask.kind}-${ask.at}`, ask => askItem(ask, page), false);
  const more = node.querySelector(".more");
  more.hidden = board.asks.length <= shown.length;
  more.textContent = `${board.asks.length - shown.length} more`;
};

const flag = (kind, colour, ...words) => el("p", { class: `flag ${colour}` }, mark(kind), el("span", {}, words));

const exception = card => card.attention === "needs_input" ? flag("ask", "is-ask", "Asks you", card.asked ? [", ", time(card.asked, "for")] : "")
  : card.attention === "failed" ? flag("fail", "is-fail", "Gave up, ", time(card.updated, "ago"))
  : card.place === "left_over" ? flag("leftover", "is-ask", "Left by ", said(card.owner ?? "its owner"), card.since ? [", ", time(card.since, "ago")] : "")
  : card.place === "blocked" ? flag("blocked", "quiet", "Waits for ", card.waitsFor.map((id, index) => `${index === 0 ? "" : index === card.waitsFor.length - 1 ? " and " : ", "}#${id}`).join(""))
  : card.drift ? flag("over", "quiet", said(card.drift[0])) : null;

const cardItem = (card, repository, page) => {
  const soon = card.until && card.until - Date.now() / 1000 < 600;
  const last = card.last && happening(card.last, page.person)[1];
  return el("li", { class: "card", id: `card-${card.id}` },
    el("div", { class: "card-top" }, el("span", { class: "num" }, `#${card.id}`), card.priority !== "normal" && el("span", {}, card.priority),
      card.owner && card.place !== "left_over" && el("span", { class: "who" }, said(card.owner)),
      card.place === "review" || card.place === "to_land" ? time(card.updated, "for", "nowrap") : card.until && time(card.until, "left", soon ? "nowrap soon" : "nowrap")),
    el("a", { class: "open", href: link(repository, card.id), "data-focus": "open" }, said(card.subject)),
    exception(card),
    card.running && el("div", { class: "running" }, mark("run"), el("span", { class: "cut" }, el("span", { class: "vh" }, "runs "), said(card.running.command)), time(card.running.since, "clock")),
    last && card.last.event !== "task.created" && !card.running && card.attention === "none" && el("p", { class: "step" }, el("span", { class: "cut" }, last), time(card.last.at, "age")),
    card.shared && flag("over", "quiet", "Also changed by ", card.shared[0].task ? `#${card.shared[0].task}` : said(card.shared[0].worktree), ": ", code(card.shared[0].files[0]), card.shared[0].total > 1 ? ` and ${card.shared[0].total - 1} more` : ""),
    card.worktree && el("ul", { class: "git" }, card.ahead !== undefined && el("li", {}, distance(card.ahead, card.behind)), card.uncommitted > 0 && el("li", { class: "loud" }, `${card.uncommitted} not committed`)));
};

const doneItem = (card, repository) => el("li", { id: `card-${card.id}` },
  el("a", { class: "open", href: link(repository, card.id), "data-focus": "open" }, said(card.subject)),
  el("div", { class: "card-top" }, el("span", { class: "num" }, `#${card.id}`), card.owner && el("span", { class: "who" }, said(card.owner)), el("span", {}, time(card.updated, "ago"))));

const DONE = 5;

const column = (section, row, repository, page, ready) => {
  const [kind, title, , none] = columns[row.kind];
  const done = row.kind === "done";
  if (!section.firstChild) {
    section.id = `at-${row.kind}`;
    section.setAttribute("aria-labelledby", `h-${row.kind}`);
    fill(section, el("header", {}, mark(kind), el("h3", { id: `h-${row.kind}` }, `${title} `, el("span")), el("p")), el("ul", { class: done ? "rows" : "stack" }), el("p", { class: "none", hidden: true }, none), el("button", { class: "btn plain more", type: "button" }));
  }
  section.querySelector("h3 span").textContent = row.total.toLocaleString("en");
  section.querySelector("header p").textContent = row.kind === "ready" && ready < row.total ? `${ready} ready` : "";
  const cards = done && !page.allDone ? row.cards.slice(0, DONE) : row.cards;
  reconcile(section.querySelector("ul"), cards, card => card.id, card => done ? doneItem(card, repository) : cardItem(card, repository, page));
  section.querySelector(".none").hidden = row.total > 0;
  const more = section.querySelector(".more"), left = row.total - cards.length;
  more.hidden = left <= 0;
  more.textContent = done ? `Show ${many(Math.min(left, 50), "earlier", "earlier")}` : `Show ${Math.min(left, 50)} more of ${row.total.toLocaleString("en")}`;
  more.onclick = async () => {
    if (done && !page.allDone) { page.allDone = true; if (row.cards.length > DONE) { page.redraw(); return; } }
    page.pages[row.kind] = (page.pages[row.kind] ?? 1) + 1;
    await page.reload();
  };
};

// More of a column than its first cards, as far as it was unfolded before.
export const withMore = async (board, page, query) => {
  for (const row of board.columns) {
    const cards = [...row.cards];
    while (cards.length < Math.min(row.total, 50 * (page.pages[row.kind] ?? 1))) {
      const next = await get(`/api/${page.repository}/column/${row.kind}?${query}${query ? "&" : ""}skip=${cards.length}`);
      if (next.cards.length === 0) break;
      cards.push(...next.cards.filter(card => !cards.some(known => known.id === card.id)));
    }
    row.shown = cards;
  }
  return { ...board, columns: board.columns.map(row => ({ ...row, cards: row.shown })) };
};

const choice = (label, name, page) => el("label", {}, `${label} `, el("select", { name, onchange: event => page.filter(name, event.target.value) }));

export const drawBoard = (main, board, page) => {
  const open = board.columns.filter(row => row.kind !== "done").reduce((sum, row) => sum + row.total, 0), done = board.columns.find(row => row.kind === "done").total;
  const filtered = page.filters.q || page.filters.owner !== undefined || page.filters.label;
  if (open + done === 0 && !filtered && board.asks.length === 0) { drawFirst(main, page); return; }
  if (main.dataset.view !== `board-${page.repository}`) {
    main.dataset.view = `board-${page.repository}`;
    main.className = "";
    fill(main, el("h1", { class: "vh", id: "view-h", tabindex: -1 }, "Board of ", said(board.name)), el("section", { id: "needs", "aria-label": "Needs you" }),
      el("section", { class: "tasks", "aria-label": "Tasks" }, el("nav", { class: "jump", "aria-label": "Columns" }),
        el("div", { class: "tasks-top" }, el("h2", {}, "Tasks"), el("span", { class: "dim", id: "counts" }), el("form", { "aria-label": "Filter", onsubmit: event => event.preventDefault() }, choice("Owner", "owner", page), choice("Label", "label", page))),
        el("div", { class: "cols" }, board.columns.map(row => el("section", { class: row.kind === "done" ? "col end" : "col" })))));
    main.removeAttribute("aria-labelledby");
  }
  needs(document.getElementById("needs"), board, page);
  document.getElementById("counts").textContent = `${open.toLocaleString("en")} open, ${done.toLocaleString("en")} done`;
  options(main.querySelector("[name=owner]"), [["*", "any"], ...board.owners.map(one => [`=${one}`, one]), ["=", "nobody"]], page.filters.owner === undefined ? "*" : `=${page.filters.owner}`);
  options(main.querySelector("[name=label]"), [["*", "any"], ...board.labels.map(one => [`=${one}`, one])], page.filters.label ? `=${page.filters.label}` : "*");
  const sections = main.querySelectorAll(".cols > section");
  board.columns.forEach((row, index) => column(sections[index], row, page.repository, page, board.ready));
  fill(main.querySelector(".jump"), board.columns.map(row => el("a", { href: `#at-${row.kind}`, onclick: event => { event.preventDefault(); document.getElementById(`at-${row.kind}`).scrollIntoView(); } }, mark(columns[row.kind][0]), `${columns[row.kind][2]} `, el("b", {}, row.total.toLocaleString("en")))));
};

const options = (select, wanted, chosen) => {
  const text = JSON.stringify(wanted);
  if (select.known !== text && document.activeElement !== select) {
    select.known = text;
    fill(select, wanted.map(([value, words]) => el("option", { value }, words)));
  }
  if (document.activeElement !== select) select.value = chosen;
};

const drawFirst = (main, page) => {
  if (main.dataset.view === "first") return;
  main.dataset.view = "first";
  main.className = "first";
  const station = (kind, name, words) => el("li", {}, mark(kind), el("b", {}, name), words);
  fill(main, el("h1", { id: "view-h", tabindex: -1 }, "Nothing is on the board yet"),
    el("p", {}, "Agents put their tasks here and work on each in a folder and on a branch of its own. You see what they do, answer what they ask, and land what is done."),
    el("ul", { class: "ways" },
      el("li", {}, el("h2", {}, "Write a task"), "An agent that looks for work takes it.", el("div", { class: "acts" }, el("button", { class: "btn main", type: "button", "data-act": "", disabled: page.lost, onclick: page.newTask }, "New task"))),
      el("li", {}, el("h2", {}, "Ask an agent"), "Any agent that has this program as an MCP server.", el("p", { class: "cmd" }, el("code", {}, "Plan this on the board, then work on it."))),
      el("li", {}, el("h2", {}, "See it at work"), "Three agents land five tasks in a throw-away repository.", el("p", { class: "cmd" }, el("code", {}, "worktree-mcp demo --team")))),
    el("p", { class: "legend-head" }, "A task moves along this line by itself:"),
    el("ol", { class: "legend" }, station("ready", "Ready", "Waits for nothing, nobody has it."), station("working", "Working", "An agent has it, in a worktree of its own."), station("review", "Review", "The work waits for your eyes."), station("land", "Ready to land", "Done, committed, in nobody's way."), station("done", "Done", "In the base, or closed.")));
};
