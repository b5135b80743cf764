// Dialogs: each says what will happen, in order, and tells in place why it did not.
import { el, fill, said, code, hash } from "./dom.js";
import { many, time } from "./words.js";
import { post, Refused } from "./api.js";

// What is typed stays in the page until it is sent, whatever happens to the page.
export const draft = key => ({
  get: () => { try { return sessionStorage.getItem(key) ?? ""; } catch { return ""; } },
  set: text => { try { if (text) sessionStorage.setItem(key, text); else sessionStorage.removeItem(key); } catch { /* without storage it stays in the field */ } },
});

export const refused = fault => fault instanceof Refused ? [said(fault.message), " ", said(fault.hint ?? "")] : ["The program cannot be reached. What you typed is still here."];

const show = (title, ...content) => {
  const dialog = el("dialog", { "aria-labelledby": "dialog-h" }, el("header", {}, el("h2", { id: "dialog-h" }, title), el("button", { class: "btn plain", type: "button", onclick: () => dialog.close() }, "Close")), el("div", {}, content));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
};

// A form whose button acts once, and says in place why it could not.
const acting = (button, act, page, ...fields) => {
  const told = el("p", { class: "told", role: "alert", hidden: true });
  const go = el("button", { class: "btn main", "data-act": "", disabled: page.lost }, button);
  const form = el("form", {
    class: "form", onsubmit: async event => {
      event.preventDefault();
      go.disabled = true;
      told.hidden = false;
      fill(told, "Under way…");
      try {
        const done = await act(new FormData(form));
        form.closest("dialog").close();
        page.done(done);
      } catch (fault) {
        go.disabled = page.lost;
        fill(told, refused(fault));
      }
    },
    onkeydown: event => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(); },
  }, fields, told, el("div", { class: "acts" }, go, el("button", { class: "btn plain", type: "button", autofocus: fields.length === 0 || fields.every(one => !one?.matches?.("[data-first], :has([data-first])")), onclick: event => event.target.closest("dialog").close() }, "Cancel")));
  return form;
};

const numbers = text => [...new Set([...text.matchAll(/\d+/g)].map(hit => Number(hit[0])))];

const briefFields = (task, keep) => {
  const field = (name, node) => { node.name = name; if (keep) { node.value ||= keep(name).get(); node.addEventListener("input", () => keep(name).set(node.value)); } return node; };
  return [
    el("label", {}, "In one line ", field("subject", el("input", { required: true, maxlength: 500, value: task?.subject ?? "", "data-first": "", autofocus: true }))),
    el("label", {}, "In full ", el("span", {}, "Context, files, what to leave alone"), field("description", el("textarea", { rows: 6, maxlength: 16000, value: task?.description ?? "" }))),
    el("div", { class: "row" },
      el("label", {}, "Priority ", el("select", { name: "priority" }, ["high", "normal", "low"].map(one => el("option", { value: one, selected: one === (task?.priority ?? "normal") }, one)))),
      el("label", {}, "Waits for ", field("blockers", el("input", { placeholder: "#36, #38", value: (task?.blockedBy ?? []).map(one => `#${one.id}`).join(", ") })))),
    el("label", {}, "Labels ", field("labels", el("input", { placeholder: "export, reader", value: (task?.labels ?? []).join(", ") }))),
  ];
};

const labels = text => text.split(",").map(one => one.trim()).filter(Boolean);

export const newTask = page => {
  const keep = name => draft(`new-${page.repository}-${name}`), request = crypto.randomUUID();
  show("New task", acting("Put on the board", async form => {
    const done = await post(`/api/${page.repository}/tasks`, { subject: form.get("subject"), description: form.get("description"), priority: form.get("priority"), blockedBy: numbers(form.get("blockers")), labels: labels(form.get("labels")), requestId: request });
    ["subject", "description", "blockers", "labels"].forEach(name => keep(name).set(""));
    return done;
  }, page, ...briefFields(null, keep)));
};

export const editTask = (task, page) => show(`Edit #${task.id}`, acting("Change the brief", form => {
  const wanted = numbers(form.get("blockers")), had = task.blockedBy.map(one => one.id);
  const order = { revision: task.revision };
  if (form.get("subject") !== task.subject) order.subject = form.get("subject");
  if (form.get("description").replaceAll("\r\n", "\n") !== task.description) order.description = form.get("description").replaceAll("\r\n", "\n");
  if (form.get("priority") !== task.priority) order.priority = form.get("priority");
  if (wanted.some(id => !had.includes(id))) order.addBlockedBy = wanted.filter(id => !had.includes(id));
  if (had.some(id => !wanted.includes(id))) order.removeBlockedBy = had.filter(id => !wanted.includes(id));
  if (labels(form.get("labels")).join() !== task.labels.join()) order.labels = labels(form.get("labels"));
  return Object.keys(order).length === 1 ? { done: "Nothing was changed" } : post(`/api/${page.repository}/tasks/${task.id}/edit`, order);
}, page, ...briefFields(task)));

const worktreeOf = (task, page) => `/api/${page.repository}/worktrees/${encodeURIComponent(task.worktree.name)}`;

export const land = (task, page) => {
  const tree = task.worktree;
  show(`Land #${task.id} in ${tree.base}?`,
    el("ol", { class: "plan" },
      el("li", {}, el("span", {}, `${many(tree.ahead ?? tree.commits.length, "commit")} of `, code(tree.branch), (tree.ahead ?? tree.commits.length) === 1 ? " goes into " : " go into ", code(tree.base), tree.head ? [el("small", {}, "The last one is ", hash(tree.head), tree.commits[0] ? [", ", el("q", {}, said(tree.commits[0].subject))] : "", ".")] : "")),
      el("li", {}, el("span", {}, "Everything is made beside all checkouts first", el("small", {}, "If it conflicts or a check fails, nothing has happened, and you read here why."))),
      el("li", {}, el("span", {}, "The base moves, and what you chose below follows"))),
    acting("Land", form => post(`${worktreeOf(task, page)}/land`, { strategy: form.get("strategy"), complete: form.has("complete"), remove: form.has("remove") }), page,
      el("label", {}, "How it lands ", el("select", { name: "strategy" }, el("option", { value: "merge" }, "one merge commit"), el("option", { value: "squash" }, "squashed to one commit"), el("option", { value: "rebase" }, "each commit again, on top"))),
      el("div", { class: "set-in" }, task.status !== "completed" && el("label", { class: "switch" }, el("input", { type: "checkbox", name: "complete", checked: true }), `#${task.id} is done with that`),
        el("label", { class: "switch" }, el("input", { type: "checkbox", name: "remove", checked: true }), "The worktree is taken down, into the trash"))));
};

export const keep = (task, page) => show(`Put the worktree of #${task.id} aside?`,
  el("p", {}, "Its folder and its branch stay as they lie; nobody goes on in it by itself."),
  acting("Keep", form => post(`${worktreeOf(task, page)}/keep`, { ...(form.get("reason").trim() && { reason: form.get("reason") }) }), page, el("label", {}, "Why ", el("input", { name: "reason", maxlength: 500, "data-first": "", autofocus: true }))));

export const release = (task, page) => show(`Put #${task.id} back on the board?`,
  el("p", {}, task.until ? [el("b", {}, said(task.owner)), " holds it, ", time(task.until, "left"), ", and is told with its next call. "] : "", "Its worktree stays as it is; whoever takes the task goes on there."),
  acting("Release", () => post(`/api/${page.repository}/tasks/${task.id}/release`, {}), page));

export const remove = async (task, page) => {
  const tree = task.worktree, dirty = tree.uncommittedTotal ?? 0;
  const plan = el("ol", { class: "plan" },
    el("li", {}, el("span", {}, "The folder ", code(tree.path), " goes into the trash", el("small", {}, "From there it comes back byte for byte, until its time is over: Restore, on this page."))),
    el("li", {}, el("span", {}, tree.ahead > 0 ? [`${many(tree.ahead, "commit")} of `, code(tree.branch), tree.landed ? " have landed or stay" : " have not landed: the branch stays"] : ["Branch ", code(tree.branch), " goes if it has nothing of its own"])));
  show(`Take down the worktree of #${task.id}?`, plan,
    dirty > 0 && el("div", { class: "would" }, el("h3", {}, `${many(dirty, "file")} with work that is nowhere else`), el("ul", {}, tree.uncommitted.slice(0, 20).map(file => el("li", {}, code(file)))), dirty > 20 && el("p", { class: "dim" }, `and ${dirty - 20} more`),
      el("p", {}, "They are committed first, or put away in the worktree: nothing is taken here by force.")),
    dirty > 0 ? el("div", { class: "acts" }, el("button", { class: "btn plain", type: "button", autofocus: true, onclick: event => event.target.closest("dialog").close() }, "Close")) : acting("Take it down", () => post(`${worktreeOf(task, page)}/remove`, {}), page));
};

export const restore = (task, item, page) => show(`Bring ${item.name} back?`,
  el("p", {}, "Its files, its branch and its index come back as they were ", time(item.removedAt, "ago"), "."),
  acting("Restore", () => post(`/api/${page.repository}/worktrees/${encodeURIComponent(item.name)}/restore`, { trashId: item.id }), page));

export const stop = (run, page) => post(`/api/${page.repository}/runs/${encodeURIComponent(run)}/stop`, {});

const KEYS = [["Arrows", "from card to card"], ["Enter", "open"], ["a", "answer"], ["v", "changes"], ["l", "land"], ["k", "keep"], ["r", "release"], ["n", "new task"], ["/", "search"], ["[ and ]", "task before and after"], ["b", "board"], ["s", "stop a command"], ["Ctrl Enter", "send"], ["Esc", "close, and keep the text"], ["?", "this list"]];

export const keys = settings => show("Keys and settings",
  el("dl", { class: "keys" }, KEYS.map(([key, words]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, words)))),
  el("div", { class: "set" },
    el("fieldset", {}, el("legend", {}, "Theme"), [["auto", "as the system"], ["light", "light"], ["dark", "dark"]].map(([value, words]) => el("label", {}, el("input", { type: "radio", name: "theme", value, checked: settings.theme() === value, onchange: () => settings.setTheme(value) }), words))),
    el("label", {}, el("input", { type: "checkbox", checked: settings.letters(), onchange: event => settings.setLetters(event.target.checked) }), "Single letters act")));
