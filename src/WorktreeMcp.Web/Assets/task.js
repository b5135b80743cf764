// One task: where it stands, and its brief, changes, runs, timeline and notes.
import { el, fill, said, code, hash, mark } from "./dom.js";
import { columns, distance, happening, many, places, time, took } from "./words.js";
import { get, post } from "./api.js";
import { answerForm, link } from "./board.js";
import { drawChanges } from "./changes.js";
import { draft, editTask, keep, land, refused, release, remove, restore, stop } from "./dialogs.js";

const TABS = [["brief", "Brief"], ["changes", "Changes"], ["runs", "Runs"], ["timeline", "Timeline"], ["notes", "Notes"]];

const names = row => [row.names.map((name, index) => [index > 0 && ", ", code(name)]), row.total > row.names.length && ` and ${row.total - row.names.length} more`];

const hurdleWords = (row, task) => {
  const base = code(task.worktree.base ?? "its base");
  switch (row.need) {
    case "free": return row.met ? ["Nobody else holds it"] : [el("b", {}, said(row.names[0])), " holds it", task.until ? [", ", time(task.until, "left")] : "", el("small", {}, "Release puts it into your hands.")];
    case "work": return row.met === false ? ["It has a commit that ", base, " lacks"] : [many(task.worktree.ahead ?? 0, "commit"), " that ", base, " lacks"];
    case "committed": return row.met ? ["Everything is committed"] : [names(row), row.total === 1 ? " is committed or gone" : " are committed or gone"];
    case "at_rest": return row.met ? ["git is in the middle of nothing"] : ["git is in the middle of ", names(row)];
    case "no_conflict": return row.met ? ["No conflict with ", base] : row.met === false ? ["No conflict with ", base, ": ", names(row)] : ["No conflict with ", base, el("small", {}, "Nobody can tell now.")];
    case "criteria": return row.met ? ["What must be so is met"] : ["Not met yet: ", row.names.map((name, index) => [index > 0 && "; ", said(name)]), row.total > row.names.length && ` and ${row.total - row.names.length} more`];
    default: return [row.need.replaceAll("_", " ")];
  }
};

const hurdleBox = task => task.hurdles && task.place !== "done" && el("section", { class: "box", "aria-labelledby": "blocks" }, el("h2", { id: "blocks" }, "Before it can land"),
  el("ul", { class: "checks" }, task.hurdles.map(row => el("li", {}, mark(row.met === false ? "no" : row.met ? "yes" : "ready"), el("span", {}, row.met === false && el("span", { class: "vh" }, "not yet: "), hurdleWords(row, task))))));

export const openHurdles = task => (task.hurdles ?? []).filter(row => row.met === false).length;

const stateLine = task => {
  const [kind, words, colour] = task.attention === "needs_input" && task.question ? ["ask", "Asks you", "is-ask"] : task.attention === "failed" ? ["fail", "Its agent gave up", "is-fail"] : places[task.place];
  const tree = task.worktree;
  return el("ul", { class: "state" },
    el("li", { class: colour || undefined }, mark(kind), " ", el("b", {}, words), task.question && [" ", el("span", { class: "dim" }, time(task.question.at, "for"))]),
    task.owner && el("li", {}, el("b", {}, said(task.owner)), task.until ? [" holds it, ", time(task.until, "left")] : task.place === "left_over" ? [" left it", task.since ? [" ", time(task.since, "ago")] : ""] : " had it"),
    tree && tree.ahead !== undefined && el("li", {}, distance(tree.ahead, tree.behind)),
    tree && tree.uncommittedTotal > 0 && el("li", {}, `${tree.uncommittedTotal} not committed`));
};

const actions = (task, page) => {
  const tree = task.worktree, blocked = openHurdles(task);
  const button = (words, act, props = {}) => el("button", { class: "btn plain", type: "button", "data-act": "", disabled: page.lost, onclick: () => act(task, page), ...props }, words);
  return el("div", { class: "acts" },
    task.owner && task.place !== "done" && task.status !== "completed" && button("Release…", release, { "aria-keyshortcuts": "r" }),
    tree && tree.status === "active" && button("Keep…", keep, { "aria-keyshortcuts": "k" }),
    tree && button("Remove…", remove),
    tree && task.place !== "done" && (blocked === 0 ? button("Land…", land, { class: "btn main", "aria-keyshortcuts": "l" }) : [el("button", { class: "btn", type: "button", "aria-disabled": "true", "aria-describedby": "land-why" }, "Land"), el("span", { class: "dim", id: "land-why" }, `${many(blocked, "thing")} first`)]));
};

const pairs = rows => el("dl", { class: "pairs" }, rows.filter(Boolean).map(([name, ...value]) => [el("dt", {}, name), el("dd", {}, value)]));

const others = (rows, repository) => rows.length === 0 ? "nothing" : el("ul", {}, rows.map(row => el("li", {}, row.subject === undefined ? `#${row.id}` : el("a", { href: link(repository, row.id) }, `#${row.id} `, said(row.subject)), !row.open && " (over)")));

const paragraphs = text => text.split(/\n{2,}/).map(one => el("p", { class: "lead" }, said(one, true)));

// How the command ended is told of the commit it was told of: work that went on needs another run, and the landing sees to that.
const proofWords = proof => proof.passed ? ["Passed at ", hash(proof.commit), " ", time(proof.at, "ago")] : [proof.exit === undefined ? "Did not end by itself" : `Ended with ${proof.exit}`, " at ", hash(proof.commit), " ", time(proof.at, "ago")];

const drawContract = (task, page, held) => {
  const terms = task.contract;
  if (!terms) return null;
  const told = el("p", { class: "told", role: "alert", hidden: true });
  const met = number => async event => {
    event.target.disabled = true;
    try { await post(`/api/${page.repository}/tasks/${task.id}/met`, { number }); await page.reload(); }
    catch (fault) { event.target.disabled = page.lost; told.hidden = false; fill(told, refused(fault)); }
  };
  return [
    terms.acceptance.length > 0 && el("div", {}, el("h2", {}, "What must be so"), el("ul", { class: "checks" }, terms.acceptance.map((one, at) => el("li", {}, mark(one.metBy === undefined ? "ready" : "yes"), el("span", {}, one.metBy === undefined && el("span", { class: "vh" }, "open: "), said(one.text, true),
      one.metBy !== undefined ? el("small", {}, one.metBy ? ["met, says ", said(one.metBy)] : "met") : !held && task.status !== "completed" && [" ", el("button", { class: "btn plain", type: "button", "data-act": "", disabled: page.lost, "aria-label": `It is met: ${one.text}`, onclick: met(at + 1) }, "It is met")])))), told),
    terms.verify !== undefined && el("div", {}, el("h2", {}, "What its work must pass"), el("p", { class: "cmd" }, code(terms.verify)), terms.unread && el("p", { class: "dim" }, "It came with the task's file, so nobody runs it until somebody gives it here.")),
    terms.proof && el("div", {}, el("p", { class: terms.proof.passed ? "is-land" : "is-fail" }, mark(terms.proof.passed ? "yes" : "fail"), " ", proofWords(terms.proof)), terms.proof.tail && el("pre", { class: "tail", tabindex: 0, role: "group", "aria-label": "The end of what it wrote" }, said(terms.proof.tail, true, "span"))),
    terms.scope.length > 0 && el("div", {}, el("h2", {}, "Files it means to change"), el("p", {}, terms.scope.map((glob, index) => [index > 0 && ", ", code(glob)]))),
    terms.waived && el("div", {}, el("h2", {}, "Waived"), el("p", {}, said(terms.waived.by), " ", time(terms.waived.at, "ago"), ": ", said(terms.waived.reason, true)))];
};

const drawBrief = (tab, task, page) => {
  const tree = task.worktree, held = task.until && task.owner !== task.person;
  tab.className = "tab two";
  fill(tab,
    el("div", { class: "prose" }, el("div", {}, el("h2", {}, "What is to be done"), task.description ? paragraphs(task.description) : el("p", { class: "dim" }, "Nothing but the line above.")),
      drawContract(task, page, held),
      task.labels.length > 0 && el("div", {}, el("h2", {}, "Labels"), el("p", {}, task.labels.map((label, index) => [index > 0 && ", ", said(label)]))),
      task.place !== "done" && (held ? el("p", { class: "dim" }, said(task.owner), " holds it: a note reaches its agent at once, a changed brief after a release.")
        : el("div", { class: "acts" }, el("button", { class: "btn", type: "button", "data-act": "", disabled: page.lost, onclick: () => editTask(task, page) }, "Edit brief")))),
    el("div", { class: "prose" },
      task.question && el("section", { class: "asked", "aria-label": "Question" }, el("h2", {}, said(task.question.by), " asks ", time(task.question.at, "ago")), el("p", { class: "lead", id: "brief-q" }, said(task.question.text, true)), answerForm(page.repository, task.id, task.question.by, "brief-q", page)),
      tree?.commits.length > 0 && el("div", {}, el("h2", {}, "Commits"), el("ul", { class: "commits" }, tree.commits.slice(0, 12).map(commit => el("li", {}, hash(commit.hash), " ", said(commit.subject), " ", time(commit.at, "ago", "dim")))), tree.commits.length > 12 && el("p", { class: "dim" }, `and ${tree.commits.length - 12} more`)),
      tree?.running.length > 0 && el("div", {}, el("h2", {}, "Runs now"), tree.running.map(run => el("p", { class: "cmd" }, el("a", { href: `#/${page.repository}/task/${task.id}/run/${run.run}` }, code(run.command)), time(run.since, "clock")))),
      tree?.drift.length > 0 && el("div", {}, el("h2", {}, "Differs from its record"), el("ul", { class: "checks" }, tree.drift.map(one => el("li", {}, mark("over"), said(one))))),
      task.problem && el("div", {}, el("h2", {}, "Its worktree cannot be shown"), el("p", {}, said(task.problem)))),
    el("aside", { class: "side", "aria-label": "Facts" }, hurdleBox(task),
      tree && el("div", { class: "box" }, el("h2", {}, "Worktree"), pairs([["Name", said(tree.name)], ["Branch", code(tree.branch)], ["Folder", code(tree.path)], ["Started", tree.baseCommit ? [hash(tree.baseCommit), ", "] : "", time(tree.created, "ago")], tree.status !== "active" && ["State", tree.status], tree.reason && ["Why", said(tree.reason, true)], tree.ports && ["Ports", `${tree.ports} to ${tree.ports + 9}`], tree.landed && ["Landed", hash(tree.landed)], tree.locked !== undefined && ["Locked", said(tree.locked || "in git")], tree.setupFailed && ["Setup", said(tree.setupFailed)]])),
      task.trash.length > 0 && el("div", { class: "box" }, el("h2", {}, "In the trash"), el("ul", { class: "trash" }, task.trash.map(item => el("li", {}, el("span", {}, said(item.name), " ", el("span", { class: "dim" }, time(item.removedAt, "ago"), ", ", time(item.until, "left"))), el("button", { class: "btn", type: "button", "data-act": "", disabled: page.lost, onclick: () => restore(task, item, page) }, "Restore"))))),
      el("div", { class: "box" }, el("h2", {}, "Other tasks"), pairs([["Waits for", others(task.blockedBy, page.repository)], ["Holds up", others(task.holdsUp, page.repository)], ["Priority", task.priority], ["Written", time(task.created, "ago")]]))));
};

const drawTimeline = async (tab, task, page) => {
  const { events, more } = await get(`/api/${page.repository}/tasks/${task.id}/timeline`);
  tab.className = "tab";
  const day = at => new Date(at * 1000).toLocaleDateString("en", { day: "numeric", month: "short" }), hour = at => new Date(at * 1000).toTimeString().slice(0, 5);
  const today = day(Date.now() / 1000);
  // The event says that something was asked; what, the task has.
  const asked = task.question && events.find(happened => happened.changed?.includes("question") && happened.by === task.question.by);
  fill(tab, el("ol", { class: "steps", reversed: true }, events.map(happened => {
    const [sign, words] = happening(happened === asked ? { ...happened, text: task.question.text } : happened, page.person);
    return el("li", {}, el("time", { datetime: new Date(happened.at * 1000).toISOString() }, day(happened.at) === today ? hour(happened.at) : day(happened.at)), sign, el("span", {}, words), el("span", { class: "seq" }, el("span", { class: "vh" }, "event "), happened.seq.toLocaleString("en")));
  })), more && el("p", { class: "dim" }, "Earlier events stand in .worktrees/events.jsonl."), events.length === 0 && el("p", { class: "none" }, "Nothing is on record."));
};

const runRows = (events, task) => {
  const runs = new Map();
  for (const happened of [...events].reverse()) {
    if (!happened.run) continue;
    const run = runs.get(happened.run) ?? { run: happened.run, command: happened.command ?? "", by: happened.by, since: happened.at };
    if (happened.event !== "worktree.run.before") Object.assign(run, { ended: happened.at, exit: happened.exit, seconds: happened.seconds, failed: happened.event === "worktree.run.failed" || happened.event === "worktree.run.abandoned" ? happened.text ?? "was left" : undefined });
    runs.set(happened.run, run);
  }
  for (const now of task.worktree?.running ?? []) if (!runs.has(now.run)) runs.set(now.run, { run: now.run, command: now.command, by: now.by, since: now.since });
  return [...runs.values()].reverse();
};

const howRun = run => run.ended === undefined ? el("span", { class: "tag is-work" }, mark("run"), "runs, ", time(run.since, "clock"))
  : run.failed ? el("span", { class: "tag is-fail" }, mark("fail"), said(run.failed)) : run.exit === 0 ? el("span", { class: "tag is-land" }, mark("yes"), "passed") : el("span", { class: "tag is-fail" }, mark("fail"), `ended with ${run.exit ?? "a signal"}`);

const drawRuns = async (tab, task, page) => {
  const { events } = await get(`/api/${page.repository}/tasks/${task.id}/timeline`);
  const runs = runRows(events, task);
  tab.className = "tab";
  if (runs.length === 0) { fill(tab, el("p", { class: "none" }, "No command has run for it.")); return; }
  const head = (words, kind) => el("th", { scope: "col", class: kind }, words);
  fill(tab, el("table", { class: "table" }, el("thead", {}, el("tr", {}, head("Command"), head("How it went"), head("By"), head("Took", "num"), head("Ended", "num"))),
    el("tbody", {}, runs.map(run => el("tr", {}, el("td", {}, el("a", { href: `#/${page.repository}/task/${task.id}/run/${run.run}` }, code(run.command))), el("td", {}, howRun(run)), el("td", {}, said(run.by ?? "")), el("td", { class: "num" }, run.seconds === undefined ? "" : took(run.seconds)), el("td", { class: "num" }, run.ended ? time(run.ended, "ago") : ""))))));
};

const drawNotes = (tab, task, page) => {
  tab.className = "tab";
  const say = draft(`note-${page.repository}-${task.id}`);
  if (!tab.querySelector("form.talk")) {
    const box = el("textarea", { id: "note-text", rows: 3, maxlength: 16000, value: say.get(), oninput: event => say.set(event.target.value) }), told = el("p", { class: "told", role: "alert", hidden: true });
    const send = el("button", { class: "btn main", "data-act": "", disabled: page.lost }, "Leave the note");
    fill(tab, el("ol", { class: "talk" }), el("div", { class: "asked-here" }), el("form", {
      class: "talk", onsubmit: async event => {
        event.preventDefault();
        if (!box.value.trim()) { box.focus(); return; }
        send.disabled = true;
        try { await post(`/api/${page.repository}/tasks/${task.id}/note`, { text: box.value }); box.value = ""; say.set(""); told.hidden = true; await page.reload(); }
        catch (fault) { told.hidden = false; fill(told, refused(fault)); }
        send.disabled = page.lost;
      },
    }, el("label", { for: "note-text" }, "A note, for whoever works on it"), box, told, el("div", { class: "acts" }, send)));
  }
  fill(tab.querySelector("ol"), task.notes.map(note => el("li", { class: note.person ? "mine" : undefined }, el("header", {}, el("b", {}, note.person && note.by === task.person ? "You" : said(note.by)), note.answers && el("span", { class: "dim" }, "answered"), time(note.at, "ago")), note.answers && el("blockquote", {}, said(note.answers, true)), el("p", { class: "pre" }, said(note.text, true)))));
  const asked = tab.querySelector(".asked-here"), key = task.question ? String(task.question.at) : "";
  if (asked.dataset.key !== key) {
    asked.dataset.key = key;
    fill(asked, task.question && el("section", { class: "asked", "aria-label": "Question" }, el("h2", {}, mark("ask"), " ", said(task.question.by), " asks ", time(task.question.at, "ago")), el("p", { class: "pre", id: "notes-q" }, said(task.question.text, true)), answerForm(page.repository, task.id, task.question.by, "notes-q", page)));
  }
};

const drawRun = async (tab, task, page, id) => {
  tab.className = "tab";
  let reply;
  try { reply = await get(`/api/${page.repository}/runs/${encodeURIComponent(id)}`); } catch (fault) { fill(tab, el("p", { class: "told" }, refused(fault))); return; }
  const end = reply.end, told = el("p", { class: "told", role: "alert", hidden: true });
  const how = reply.running ? [el("span", { class: "tag is-work" }, mark("run"), "runs, ", time(reply.startedAt, "clock"))] : reply.lost ? ["Whoever watched it is gone; how it ended nobody knows."]
    : end ? [end.exit === 0 ? el("span", { class: "tag is-land" }, mark("yes"), "passed") : el("span", { class: "tag is-fail" }, mark("fail"), end.timedOut ? "its time was up" : end.stoppedBy ? ["stopped by ", end.stoppedBy === page.person ? "you" : said(end.stoppedBy)] : end.error ? said(end.error) : `ended with ${end.exit ?? end.signal}`), ` after ${took(end.seconds)}, `, time(end.at, "ago")] : [];
  const lines = reply.text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  fill(tab, el("h2", { class: "run-head" }, code(reply.command)), el("p", { class: "dim" }, "by ", said(reply.by), " in ", code(reply.worktree)),
    el("div", { class: "term" }, el("header", {}, el("span", {}, how), el("div", { class: "push" }, reply.running && el("button", { class: "btn", type: "button", id: "stop", "data-act": "", "aria-keyshortcuts": "s", disabled: page.lost, onclick: async event => { event.target.disabled = true; try { page.done(await stop(id, page)); } catch (fault) { told.hidden = false; fill(told, refused(fault)); event.target.disabled = page.lost; } } }, "Stop"))), told,
      el("pre", { tabindex: 0, role: "group", "aria-label": "Output" }, lines.length === 0 ? el("span", { class: "skipline" }, "It wrote nothing.") : lines.map(one => said(one, false, "span"))),
      el("footer", {}, reply.length > 65536 ? `The last 64 of ${Math.round(reply.length / 1024).toLocaleString("en")} KB.` : `${many(lines.length, "line")}.`)));
  const output = tab.querySelector("pre");
  output.scrollTop = output.scrollHeight;
};

export const drawTask = async (main, task, page, tab, run) => {
  const key = `task-${page.repository}-${task.id}`, view = run ? "run" : tab;
  if (main.dataset.view !== key) {
    main.dataset.view = key;
    main.className = "page";
    fill(main, el("div", { class: "crumbs" }), el("div", { class: "title" }, el("div", {}, el("h1", { id: "view-h", tabindex: -1 }), el("div", { class: "holds-state" })), el("div", { class: "holds-acts" })), el("nav", { class: "tabs", "aria-label": `Task ${task.id}` }), el("section", { class: "tab" }));
  }
  const at = { ready: "ready", blocked: "ready", left_over: "ready" }[task.place] ?? task.place;
  fill(main.querySelector(".crumbs"), el("a", { href: `#/${page.repository}` }, "Board"), el("span", { "aria-hidden": "true" }, "/"), el("span", {}, columns[at][2]), el("span", { "aria-hidden": "true" }, "/"), el("span", {}, `#${task.id}`),
    el("nav", { "aria-label": "Neighbours" }, page.neighbours(task.id, at).map(([id, words, keyName]) => id && el("a", { class: "btn plain", href: link(page.repository, id, run ? "runs" : tab), "aria-keyshortcuts": keyName }, words))));
  fill(main.querySelector("h1"), el("span", {}, `#${task.id} `), said(task.subject));
  fill(main.querySelector(".holds-state"), stateLine(task));
  const acts = main.querySelector(".holds-acts"), had = acts.contains(document.activeElement) ? document.activeElement.textContent : null;
  fill(acts, actions(task, page));
  if (had !== null) ([...acts.querySelectorAll("button")].find(one => one.textContent === had) ?? main.querySelector("h1")).focus();
  const counts = { changes: task.worktree?.uncommittedTotal > 0 || task.worktree?.ahead > 0 ? "" : undefined, notes: task.notes.length || undefined };
  const tabs = main.querySelector(".tabs"), shown = TABS.filter(([name]) => name !== "changes" || task.worktree);
  const mark_ = JSON.stringify([shown, counts, view]);
  if (tabs.known !== mark_) {
    const inTabs = tabs.contains(document.activeElement);
    tabs.known = mark_;
    fill(tabs, shown.map(([name, words]) => el("a", { href: link(page.repository, task.id, name), "aria-current": (run ? "runs" : tab) === name ? "page" : undefined }, words, counts[name] && [" ", el("span", {}, counts[name])])));
    if (inTabs) tabs.querySelector("[aria-current]")?.focus();
  }
  let section = main.querySelector("section.tab");
  if (section.dataset.tab !== view) { const fresh = el("section", { class: "tab", "aria-label": shown.find(([name]) => name === tab)?.[1] ?? "Output" }); fresh.dataset.tab = view; section.replaceWith(fresh); section = fresh; }
  if (run) await drawRun(section, task, page, run);
  else if (tab === "changes" && task.worktree) await drawChanges(section, task, page.repository, hurdleBox(task));
  else if (tab === "runs") await drawRuns(section, task, page);
  else if (tab === "timeline") await drawTimeline(section, task, page);
  else if (tab === "notes") drawNotes(section, task, page);
  else {
    // A box that is typed into stays while it is.
    const json = JSON.stringify([task, page.lost]);
    if (section.known !== json && !(section.known && section.querySelector("textarea:focus"))) { section.known = json; drawBrief(section, task, page); }
  }
};
