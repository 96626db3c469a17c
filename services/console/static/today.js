// Keeps an open page as the server has it. Without this script the same page needs a reload, and nothing else.
"use strict";

(() => {
  const SLOW_AGAIN_MILLISECONDS = 15000;
  const today = () => document.getElementById("today");
  let source = null;
  let waiting = 0;
  let latest = 0;

  function leave() {
    clearTimeout(waiting);
    if (source) source.close();
    source = null;
  }

  function follow() {
    leave();
    if (document.hidden) return; // a page that nobody looks at keeps no connection
    source = new EventSource("/today/events?seen=" + encodeURIComponent(today().dataset.state));
    source.addEventListener("changed", refresh);
    source.addEventListener("ended", () => location.reload());
    source.addEventListener("error", () => {
      if (!source || source.readyState !== EventSource.CLOSED) return; // the browser connects again by itself
      waiting = setTimeout(follow, SLOW_AGAIN_MILLISECONDS);
      refresh(); // refused: signed out, which this finds, or too many pages are open
    });
  }

  async function refresh() {
    const mine = ++latest;
    let answer;
    try {
      answer = await fetch("/today/fragment", { cache: "no-store" });
    } catch {
      return; // the connection is gone: the next change, or a reload, brings it
    }
    if (answer.status === 401 || answer.status === 403) {
      leave();
      location.reload();
      return;
    }
    if (!answer.ok || mine !== latest) return;
    show(new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("today"));
  }

  function show(fresh) {
    const old = today();
    if (!fresh) return;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    const title = old.querySelector("h1").textContent;
    for (const menu of old.querySelectorAll("details[id][open]")) {
      const same = fresh.querySelector("#" + CSS.escape(menu.id));
      if (same) same.open = true;
    }
    old.replaceWith(document.adoptNode(fresh));
    if (focused) (document.getElementById(focused) || document.getElementById("main")).focus();
    const count = document.querySelector("[data-count-shown]");
    if (count) count.textContent = fresh.dataset.count;
    document.title = fresh.dataset.title;
    const now = fresh.querySelector("h1").textContent;
    if (now !== title) document.getElementById("news").textContent = now;
  }

  document.addEventListener("visibilitychange", follow);
  addEventListener("pageshow", follow);
  addEventListener("pagehide", leave);
})();
