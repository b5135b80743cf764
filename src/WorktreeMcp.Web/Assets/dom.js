// Elements are made one by one and every text is a text node: nothing of a repository is ever read as markup.

export const el = (tag, props = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  add(node, children);
  return node;
};

export const add = (node, children) => {
  for (const child of children.flat(9)) if (child !== undefined && child !== null && child !== false && child !== "") node.append(child);
  return node;
};

export const fill = (node, ...children) => { node.replaceChildren(); return add(node, children); };

// What nobody sees, or what turns around what stands beside it.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\u{e0000}-\u{e0fff}]|[\ud800-\udfff]/u;
const EACH = new RegExp(HIDDEN.source, "gu");

// A text of the repository or of an agent, set apart from its surroundings; in one line unless it may have several.
export const said = (text, lines = false, tag = "bdi") => {
  const node = document.createElement(tag);
  if (tag !== "bdi") node.dir = "auto";
  const whole = lines ? text.replaceAll("\r\n", "\n") : text.replaceAll("\n", " ").replaceAll("\t", " ");
  if (!HIDDEN.test(whole)) { node.textContent = whole; return node; }
  let from = 0;
  for (const hit of whole.matchAll(EACH)) {
    if (hit.index > from) node.append(whole.slice(from, hit.index));
    node.append(el("span", { class: "esc" }, `\\u{${hit[0].codePointAt(0).toString(16).toUpperCase()}}`));
    from = hit.index + hit[0].length;
  }
  node.append(whole.slice(from));
  return node;
};

export const code = text => said(text, false, "code");
export const mark = kind => el("span", { class: `mark ${kind}`, "aria-hidden": "true" });
export const hash = commit => el("code", {}, commit.slice(0, 7));

// A path is cut in front: the file's name stays.
export const path = text => {
  const at = text.lastIndexOf("/") + 1;
  return [at > 0 && el("span", { class: "dir" }, said(text.slice(0, at))), said(text.slice(at))];
};

// Keeps the nodes of what has not changed, so that focus, typed text and selection stay where they are.
export const reconcile = (list, items, keyOf, make, lit = true) => {
  const known = new Map([...list.children].map(node => [node.dataset.key, node]));
  const first = known.size === 0 && !list.dataset.filled;
  list.dataset.filled = "";
  let before = null;
  for (const item of items) {
    const key = String(keyOf(item)), json = JSON.stringify(item);
    let node = known.get(key);
    if (!node || node.json !== json) {
      const fresh = make(item), focus = node?.contains(document.activeElement) ? document.activeElement.dataset.focus ?? "" : null;
      fresh.dataset.key = key;
      fresh.json = json;
      if (!first && lit) fresh.classList.add("fresh");
      if (node) node.replaceWith(fresh);
      if (focus !== null) (fresh.querySelector(`[data-focus="${CSS.escape(focus)}"]`) ?? fresh.querySelector("a, button"))?.focus();
      node = fresh;
    }
    known.delete(key);
    const place = before ? before.nextSibling : list.firstChild;
    if (place !== node) list.insertBefore(node, place);
    before = node;
  }
  for (const gone of known.values()) gone.remove();
};
