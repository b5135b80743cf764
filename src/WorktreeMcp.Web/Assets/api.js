// Questions and changes. A refusal comes as an error with what is the case and what can be done.

export class Refused extends Error {
  constructor(reply, status) { super(reply.message); this.hint = reply.hint; this.code = reply.code; this.status = status; }
}

const marks = new Map();   // the last answer to each question, by address

const answer = async response => {
  const reply = await response.json().catch(() => ({ message: `The program answered ${response.status}.`, hint: "Reload the page." }));
  if (!response.ok) throw new Refused(reply, response.status);
  return reply;
};

export const get = async address => {
  const known = marks.get(address);
  const response = await fetch(address, { cache: "no-store", headers: known ? { "If-None-Match": known.mark } : {} });
  if (response.status === 304 && known) return known.reply;
  const reply = await answer(response), tag = response.headers.get("ETag");
  if (tag) {
    if (marks.size > 40) marks.clear();
    marks.set(address, { mark: tag, reply });
  }
  return reply;
};

export const post = async (address, order) => answer(await fetch(address, {
  method: "POST", cache: "no-store", headers: { "Content-Type": "application/json", "X-Worktree-Mcp": "page" }, body: JSON.stringify(order),
}));
