// How the page says things: ages, places, and what happened.
import { el, said, code, hash, mark } from "./dom.js";

export const now = () => Date.now() / 1000;

export const span = seconds => {
  const s = Math.max(0, Math.round(seconds));
  return s < 60 ? "under 1 min" : s < 3600 ? `${Math.floor(s / 60)} min` : s < 86400 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} days`.replace(/^1 days/, "1 day");
};

export const took = seconds => seconds < 10 ? `${Math.round(seconds * 10) / 10} s` : seconds < 60 ? `${Math.round(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;

const clock = seconds => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

const forms = {
  age: at => span(now() - at),
  ago: at => now() - at < 60 ? "just now" : `${span(now() - at)} ago`,
  for: at => now() - at < 60 ? "for a moment" : `for ${span(now() - at)}`,
  left: at => `${span(at - now())} left`,
  clock: at => clock(now() - at),
};

// A time that stays right while one looks: main.js goes over them.
export const time = (at, form = "age", extra = "") => el("time", { "data-at": at, "data-form": form, class: extra || undefined, datetime: new Date(at * 1000).toISOString() }, forms[form](at));

export const tick = () => {
  for (const node of document.querySelectorAll("time[data-form]")) {
    const text = forms[node.dataset.form](Number(node.dataset.at));
    if (node.textContent !== text) node.textContent = text;
  }
};

export const many = (count, one, more = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : more}`;

export const places = {
  ready: ["ready", "Ready", ""], blocked: ["blocked", "Waits for others", ""], left_over: ["leftover", "Left over", "is-ask"], working: ["working", "Working", "is-work"],
  review: ["review", "Waits for your review", "is-look"], to_land: ["land", "Ready to land", "is-land"], done: ["done", "Done", ""],
};

export const columns = { ready: ["ready", "Ready and blocked", "Ready", "Nothing is to be begun."], working: ["working", "Working", "Working", "Nobody works on anything."], review: ["review", "Review", "Review", "Nothing waits for a review."], to_land: ["land", "Ready to land", "Ready to land", "Nothing is ready to land."], done: ["done", "Done", "Done", "Nothing is done yet."] };

export const rail = (ahead, behind) => el("span", { class: "rail", "data-a": Math.min(6, ahead), "data-b": Math.min(6, behind ?? 0), "aria-hidden": "true" }, el("i"));

export const distance = (ahead, behind) => {
  const words = [ahead > 0 ? `${ahead} ahead` : "nothing committed", behind > 0 ? `${behind} behind` : ""].filter(Boolean).join(", ");
  return [rail(ahead, behind), words];
};

const quoted = text => text ? [": ", el("q", {}, said(text))] : [];
const ran = happened => happened.command ? code(happened.command) : "A command";

// What happened, as a mark and a sentence.
export const happening = (happened, person, inTask = true) => {
  const who = el("b", {}, happened.by === person ? "You" : said(happened.by ?? "Somebody"));
  const it = inTask || !happened.task ? "it" : `#${happened.task}`;
  const dot = el("span", { class: "dot", "aria-hidden": "true" });
  const worktree = happened.worktree ? code(happened.worktree) : "a worktree";
  switch (happened.event) {
    case "task.created": return [mark("ready"), [who, inTask ? " wrote the task" : ` wrote ${it}`]];
    case "task.claimed": return [mark("working"), [who, ` took ${it}`]];
    case "task.released": return [mark("ready"), [who, ` put ${it} back on the board`]];
    case "task.completed": return [mark("done"), [who, ` says that ${it} is done`]];
    case "task.answered": return [mark("ask"), [who, " answered", quoted(happened.text)]];
    case "task.updated": {
      const changed = happened.changed ?? [];
      return changed.includes("question") ? [mark("ask"), [who, " asked", quoted(happened.text)]]
        : changed.includes("notes") ? [dot, [who, happened.text ? " said" : " left a note", quoted(happened.text)]]
        : changed.includes("attention") ? [mark("review"), [who, " changed who is to look at ", it]]
        : [dot, [who, ` changed ${it}`, changed.length ? [": ", changed.map(one => one.replaceAll("_", " ")).join(", ")] : ""]];
    }
    case "worktree.create.before": return [dot, [who, " begins ", worktree]];
    case "worktree.create.after": return [dot, [who, " made the worktree ", worktree]];
    case "worktree.create.failed": return [mark("fail"), [worktree, " could not be made", quoted(happened.text)]];
    case "worktree.bound": return [dot, [who, " works in ", worktree]];
    case "worktree.keep": return [dot, [who, " put ", worktree, " aside", quoted(happened.text)]];
    case "worktree.remove.before": return [dot, [who, " takes ", worktree, " down"]];
    case "worktree.remove.after": return [dot, [worktree, " is in the trash"]];
    case "worktree.restored": return [dot, [who, " brought ", worktree, " back"]];
    case "worktree.merge.before": return [dot, [who, ` begins to land ${it} in `, el("b", {}, said(happened.into ?? "its base"))]];
    case "worktree.merge.after": return [mark("land"), [who, ` landed ${it}: `, el("b", {}, said(happened.into ?? "the base")), " moved", happened.commit ? [" to ", hash(happened.commit)] : ""]];
    case "worktree.merge.failed": return [mark("fail"), ["It could not land", quoted(happened.text)]];
    case "worktree.run.before": return [mark("run"), [who, " runs ", ran(happened)]];
    case "worktree.run.after": return happened.exit === 0
      ? [mark("done"), [ran(happened), " passed", happened.seconds ? ` in ${took(happened.seconds)}` : ""]]
      : [mark("fail"), [ran(happened), ` ended with ${happened.exit ?? "a signal"}`]];
    case "worktree.run.failed": return [mark("fail"), [ran(happened), " failed", quoted(happened.text)]];
    case "worktree.run.abandoned": return [mark("fail"), [ran(happened), " was left by whoever watched it"]];
    default: return [dot, [who, ": ", said(happened.event.replaceAll(".", " "))]];
  }
};
