// What a worktree changes: the files, and each of them line by line, read only. Drawn in blocks as they come near.
import { el, fill, said, code, path } from "./dom.js";
import { get } from "./api.js";
import { many } from "./words.js";
import { refused } from "./dialogs.js";

const BLOCK = 500;
const HUGE = 2000;
const kinds = { added: "new", deleted: "gone", renamed: "renamed", copied: "copied", type_changed: "another kind" };

const counts = file => file.added === undefined ? "binary" : [file.added > 0 && el("span", { class: "plus" }, `+${file.added}`), file.added > 0 && file.deleted > 0 && " ", file.deleted > 0 && el("span", { class: "minus" }, `−${file.deleted}`), !file.added && !file.deleted && (kinds[file.change] ?? "")];

const row = (file, id) => el("li", {}, el("a", { href: `#${id}`, title: file.path, onclick: event => { event.preventDefault(); const at = document.getElementById(id); at.scrollIntoView(); at.querySelector("h2").focus(); } }, path(file.path)), el("span", { class: "n" }, counts(file)),
  file.oldPath && file.oldPath !== file.path ? el("span", { class: "what" }, "Was ", said(file.oldPath)) : kinds[file.change] && file.added !== undefined && el("span", { class: "what" }, kinds[file.change]));

const line = (kind, before, after, text) => el("tr", { class: kind === "+" ? "add" : kind === "-" ? "del" : undefined }, el("td", { class: "ln" }, before), el("td", { class: "ln" }, after),
  el("td", { class: "sg" }, kind === "+" ? [el("span", { class: "vh" }, "added"), el("span", { "aria-hidden": "true" }, "+")] : kind === "-" ? [el("span", { class: "vh" }, "removed"), el("span", { "aria-hidden": "true" }, "−")] : ""), said(text, false, "td"));

const rows = function* (reply) {
  for (const hunk of reply.hunks) {
    let [before, after] = [hunk.old, hunk.new];
    yield () => el("tr", { class: "hunk" }, el("td", { colspan: 4 }, `Lines from ${Math.max(1, hunk.new)}`));
    for (const whole of hunk.lines) {
      const kind = whole[0], text = whole.slice(1);
      if (kind === "\\") { yield () => el("tr", { class: "hunk" }, el("td", { colspan: 4 }, "No line end at the end of the file")); continue; }
      const [left, right] = [kind === "+" ? "" : before++, kind === "-" ? "" : after++];
      yield () => { const made = line(kind, left, right, text.replaceAll("\t", "    ")); made.lastChild.className = "tx"; return made; };
    }
  }
};

const draw = (body, reply) => {
  const source = rows(reply);
  const more = () => {
    const block = el("tbody");
    for (let count = 0; count < BLOCK; count++) {
      const next = source.next();
      if (next.done) { body.append(block); return; }
      block.append(next.value());
    }
    body.append(block);
    const near = new IntersectionObserver(seen => { if (seen.some(one => one.isIntersecting)) { near.disconnect(); more(); } }, { rootMargin: "1200px" });
    near.observe(block.lastChild);
  };
  more();
};

const open = async (article, file, address) => {
  const body = article.querySelector(".scroll");
  try {
    const reply = await get(`${address}/file?path=${encodeURIComponent(file.path)}`);
    const lines = reply.hunks.reduce((sum, hunk) => sum + hunk.lines.length, 0);
    const show = () => {
      const table = el("table", { class: "diff uni" }, el("caption", { class: "vh" }, said(file.path)), el("colgroup", {}, el("col", { class: "ln" }), el("col", { class: "ln" }), el("col", { class: "sg" }), el("col")));
      fill(body, table, reply.more && el("p", { class: "brief-body" }, "Only the beginning is shown: the rest is too long for a page."));
      draw(table, reply);
    };
    if (reply.binary) fill(body, el("p", { class: "brief-body" }, "Not a text: its bytes are not shown."));
    else if (lines === 0) fill(body, el("p", { class: "brief-body" }, file.change === "renamed" ? "Only its name changed." : "Nothing in it can be shown line by line."));
    else if (lines > HUGE) fill(body, el("p", { class: "brief-body" }, `${lines.toLocaleString("en")} lines. `, el("button", { class: "btn", type: "button", onclick: show }, "Show them")));
    else show();
  } catch (fault) {
    fill(body, el("p", { class: "brief-body told" }, refused(fault)));
  }
};

export const drawChanges = async (tab, task, repository, hurdles) => {
  const address = `/api/${repository}/worktrees/${encodeURIComponent(task.worktree.name)}`;
  let reply;
  try { reply = await get(`${address}/changes`); } catch (fault) { fill(tab, el("p", { class: "told" }, refused(fault))); return; }
  if (!tab.isConnected) return;
  const mark = JSON.stringify(reply);
  if (tab.known === mark) return;
  tab.known = mark;
  tab.className = "tab review";
  const committed = reply.files.filter(file => !file.uncommitted), uncommitted = reply.files.filter(file => file.uncommitted);
  const idOf = new Map(reply.files.map((file, index) => [file, `file-${index}`]));
  const [added, deleted] = ["added", "deleted"].map(name => reply.files.reduce((sum, file) => sum + (file[name] ?? 0), 0));
  const group = (title, aside, files) => files.length > 0 && [el("h2", {}, title, " ", el("span", {}, aside)), el("ul", {}, files.map(file => row(file, idOf.get(file))))];
  const articles = [...committed, ...uncommitted].map(file => {
    const article = el("article", { class: "file", id: idOf.get(file), "aria-labelledby": `${idOf.get(file)}-h` },
      el("header", {}, el("h2", { id: `${idOf.get(file)}-h`, tabindex: -1 }, path(file.path)), el("span", {}, counts(file)), file.uncommitted && el("span", { class: "tag is-ask push" }, "Not committed, would not land")),
      el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": `Lines of ${file.path}` }, el("p", { class: "brief-body" }, "…")));
    const near = new IntersectionObserver(seen => { if (seen.some(one => one.isIntersecting)) { near.disconnect(); open(article, file, address); } }, { rootMargin: "800px" });
    near.observe(article);
    return article;
  });
  fill(tab,
    el("div", { class: "rbar" }, el("p", { class: "stat" }, el("b", {}, many(reply.files.length, "file")), " ", el("span", { class: "plus" }, `+${added}`), " ", el("span", { class: "minus" }, `−${deleted}`), " in ", many(task.worktree.commits.length, "commit"), ", against ", el("code", {}, reply.base.slice(0, 7)))),
    el("div", { class: "rside" }, el("nav", { class: "files", "aria-label": "Files" }, group("Committed", "", committed), group("Not committed", "would not land", uncommitted), reply.files.length === 0 && el("p", { class: "brief-body" }, "Nothing differs from its base.")), hurdles,
      reply.notes.length + reply.tooLarge.length > 0 && el("div", { class: "box" }, el("h2", {}, "Not compared"), el("ul", { class: "checks" }, [...reply.tooLarge.map(one => [code(one), " is too large"]), ...reply.notes.map(one => said(one))].map(one => el("li", {}, el("span"), el("span", {}, one)))))),
    el("div", {}, articles));
};
