// What happens, as it happens. The browser comes back by itself with the number it saw last, and misses nothing.

export const follow = (since, { happened, look, reset, state }) => {
  let stream, lost, again;
  const open = () => {
    stream = new EventSource(`/api/stream?since=${encodeURIComponent(since)}`);
    stream.addEventListener("open", () => { clearTimeout(lost); lost = undefined; state(true); });
    stream.addEventListener("happened", event => { since = event.lastEventId; happened(JSON.parse(event.data)); });
    stream.addEventListener("look", () => look());
    stream.addEventListener("reset", event => { since = event.lastEventId; reset(); });
    stream.addEventListener("error", () => {
      lost ??= setTimeout(() => state(false), 1500);
      if (stream.readyState === EventSource.CLOSED) { stream.close(); clearTimeout(again); again = setTimeout(open, 3000); }
    });
  };
  open();
  return () => { clearTimeout(lost); clearTimeout(again); stream.close(); };
};
