// A websocket that asks for each message when the last one is dealt with, and comes back after a break.
//
//   watch("/admin/live/logs/", { hello: () => ({}), hear: (news) => {}, tell: (state, reason) => {} })
//
// `hello` is what is said first, again after each break. States: "live", "away" (it is tried again), "over".

const SHORTEST_MILLISECONDS = 500;
const LONGEST_MILLISECONDS = 10000;
// What does not get better by trying again: 1000 is the regular end, 44xx are refusals in words.
const isFinal = (code) => code === 1000 || (code >= 4400 && code < 4500);

export const watch = (path, { hello = () => ({}), hear, tell = () => {} }) => {
  let pause = SHORTEST_MILLISECONDS;
  let socket = null;
  let hasLeft = false;

  const open = () => {
    socket = new WebSocket(new URL(path, location.href.replace(/^http/, "ws")));
    socket.addEventListener("open", () => {
      pause = SHORTEST_MILLISECONDS;
      tell("live");
      socket.send(JSON.stringify(hello()));
    });
    socket.addEventListener("message", ({ data }) => {
      hear(JSON.parse(data));
      if (socket.readyState === WebSocket.OPEN) socket.send("{}");
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (hasLeft) return;
      if (isFinal(code)) return tell("over", reason);
      tell("away");
      setTimeout(open, pause);
      pause = Math.min(pause * 2, LONGEST_MILLISECONDS);
    });
  };

  open();
  return () => {
    hasLeft = true;
    socket.close();
  };
};
