"use strict";
// Everything from the target is set as text, never as markup.
(() => {
  const $ = (s, from = document) => from.querySelector(s);
  const $$ = (s, from = document) => [...from.querySelectorAll(s)];

  // shown makes control and direction-changing characters visible, as Printable
  // does for the rest of the page. Joiners stay: some scripts need them.
  const shown = s => String(s).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, c =>
    /[\t\n\u200c\u200d]/.test(c) ? c : "\u27e8U+" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "\u27e9");

  const make = (name, text, cls) => {
    const e = document.createElement(name);
    if (text !== undefined) e.textContent = shown(text);
    if (cls) e.className = cls;
    return e;
  };

  // Theme: the system's, or the reader's choice. Storage may be closed to files.
  const theme = $("#theme"), themes = ["system", "light", "dark"];
  const store = (f) => { try { return f(localStorage); } catch { return null; } };
  const wear = (t) => {
    if (!themes.includes(t)) t = "system";
    if (t === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = t;
    theme.textContent = "Theme: " + t;
    theme.dataset.now = t;
  };
  theme.hidden = false;
  wear(store(s => s.getItem("rollcall-theme")));
  theme.addEventListener("click", () => {
    const next = themes[(themes.indexOf(theme.dataset.now) + 1) % themes.length];
    wear(next);
    store(s => s.setItem("rollcall-theme", next));
  });

  // Copying: the exact text, by the clipboard or, where a file may not use it,
  // by a selection.
  const copy = async (text) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* below */ }
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    let ok = false;
    try { ok = document.execCommand("copy"); } finally { area.remove(); }
    return ok;
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const ok = await copy(button.raw ?? button.parentElement.querySelector("code").textContent);
    button.textContent = ok ? "Copied" : "Select and copy";
    button.focus();
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  for (const b of $$("button.copy")) b.hidden = false;
  const command = (text) => {
    const box = make("div", undefined, "command"), pre = make("pre"), button = make("button", "Copy", "copy");
    pre.tabIndex = 0;
    pre.append(make("code", text));
    button.type = "button";
    button.raw = text;
    box.append(pre, button);
    return box;
  };

  // Exchanges are read from their own block when somebody opens them.
  const exchange = (i) => JSON.parse($("#x-" + i).textContent);

  // pretty indents JSON and leaves every token as it was sent: numbers keep
  // their digits, and a body that was cut off is still laid out.
  const pretty = (s) => {
    let out = "", depth = 0, i = 0;
    const nl = () => "\n" + "  ".repeat(Math.min(depth, 40));
    while (i < s.length) {
      const c = s[i];
      if (c === '"') {
        let j = i + 1;
        while (j < s.length && s[j] !== '"') j += s[j] === "\\" ? 2 : 1;
        out += s.slice(i, j + 1);
        i = j + 1;
        continue;
      }
      if (c === "{" || c === "[") {
        let j = i + 1;
        while (j < s.length && /\s/.test(s[j])) j++;
        if (s[j] === "}" || s[j] === "]") { out += c + s[j]; i = j + 1; continue; }
        depth++;
        out += c + nl();
      } else if (c === "}" || c === "]") {
        depth = Math.max(0, depth - 1);
        out += nl() + c;
      } else if (c === ",") out += c + nl();
      else if (c === ":") out += ": ";
      else if (!/\s/.test(c)) out += c;
      i++;
    }
    return out;
  };
  const bytes = (n) => n < 1024 ? n + " B" : n < 1048576 ? (n / 1024).toFixed(1) + " KiB" : (n / 1048576).toFixed(1) + " MiB";
  const block = (text) => {
    const pre = make("pre");
    pre.tabIndex = 0;
    pre.append(make("code", text));
    return pre;
  };
  const message = (into, title, first, m) => {
    into.append(make("p", title, "part"));
    into.append(block([first, ...(m.headers || []).map(h => h.name + ": " + h.value)].join("\n")));
    if (m.body) {
      const json = /^\s*[[{]/.test(m.body);
      into.append(block(json ? pretty(m.body) : m.body));
      into.append(make("p", bytes(m.size) + (m.cut ? ", shown up to the first " + bytes(new Blob([m.body]).size) : "") +
        (json ? ", indented here" : "") + (m.sha256 ? ", SHA-256 " + m.sha256 : ""), "muted"));
    } else into.append(make("p", "No body.", "muted"));
  };
  const unfold = (into, i) => {
    const x = exchange(i);
    into.replaceChildren();
    into.append(make("p", [x.id, x.check, x.started, x.milliseconds.toFixed(1) + " ms", x.tls].filter(Boolean).join(" \u00b7 "), "muted"));
    if (x.problem) into.append(make("p", "What went wrong: " + x.problem));
    message(into, "Request", x.method + " " + x.url, x.request);
    if (x.status) message(into, "Response", [x.protocol, x.status, x.statusText].filter(Boolean).join(" "), x.response);
    else into.append(make("p", "Response", "part"), make("p", "None came.", "muted"));
    if (x.curl) {
      into.append(make("p", "Repeat this request", "part"), command(x.curl));
      if (x.curl.includes("$ROLLCALL_")) into.append(make("p", "Secrets stand as shell variables; set them first.", "muted"));
    }
  };
  const entry = (i) => {
    const x = exchange(i), d = make("details", undefined, "plain exchange"), s = make("summary");
    d.dataset.x = i;
    const url = make("bdi", x.url, "url");
    url.dir = "ltr";
    if (x.system) s.append(make("b", x.system), " ");
    s.append(make("span", x.method, "method"), " ", url, " ", make("span", x.status ? x.status + " " + (x.statusText || "") : "no response", "result"));
    d.append(s, make("div", undefined, "fill"));
    return d;
  };
  const batch = 50;
  const more = (into, all, from) => {
    for (const i of all.slice(from, from + batch)) into.append(entry(i));
    const next = from + batch;
    if (next >= all.length) return;
    const button = make("button", "Show " + Math.min(batch, all.length - next) + " more of " + (all.length - next));
    button.type = "button";
    button.addEventListener("click", () => {
      const last = into.lastElementChild.previousElementSibling;
      button.remove();
      more(into, all, next);
      $("summary", last.nextElementSibling).focus();
    });
    into.append(button);
  };
  // toggle doesn't bubble, but it can be caught on its way down.
  document.addEventListener("toggle", (event) => {
    const d = event.target;
    if (!(d instanceof HTMLDetailsElement) || !d.open || d.dataset.done) return;
    const into = $(":scope > .fill", d);
    if (!into) return;
    d.dataset.done = "1";
    if (d.dataset.x !== undefined) unfold(into, d.dataset.x);
    else if (d.dataset.all !== undefined) {
      into.replaceChildren();
      more(into, d.dataset.all.split(" ").filter(Boolean), 0);
    }
  }, true);

  // Filter and search.
  const form = $("#filter"), q = $("#q"), level = $("#level"), section = $("#section"), status = $("#shown");
  const items = $$(".req"), groups = $$(".group"), chips = $$(".chip");
  const texts = new Map();
  const textOf = (e) => {
    if (!texts.has(e)) texts.set(e, $$("summary h4, .statement, .note, .finding .details, .meta", e).map(n => n.textContent).join(" ").toLowerCase());
    return texts.get(e);
  };
  const apply = () => {
    const words = q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const keys = chips.filter(c => c.getAttribute("aria-pressed") === "true").map(c => c.dataset.key);
    let n = 0;
    for (const e of items) {
      const ok = (!keys.length || keys.includes(e.dataset.key)) && (!level.value || e.dataset.level === level.value) &&
        (!section.value || e.parentElement.id === section.value) && words.every(w => textOf(e).includes(w));
      e.hidden = !ok;
      if (ok) n++;
    }
    for (const g of groups) g.hidden = !$(".req:not([hidden])", g);
    $("#none").hidden = n > 0 || !items.length;
    status.textContent = n === items.length ? "All " + n + " shown" : n + " of " + items.length + " shown";
  };
  const reset = () => {
    form.reset();
    for (const c of chips) c.setAttribute("aria-pressed", "false");
    apply();
  };
  if (items.length) form.hidden = false;
  form.addEventListener("submit", e => e.preventDefault());
  for (const e of [q, level, section]) e.addEventListener("input", apply);
  for (const c of chips) c.addEventListener("click", () => {
    c.setAttribute("aria-pressed", c.getAttribute("aria-pressed") === "true" ? "false" : "true");
    apply();
  });
  $("#clear").addEventListener("click", reset);
  $("#open-all").addEventListener("click", () => { for (const e of items) if (!e.hidden) e.open = true; });
  $("#close-all").addEventListener("click", () => { for (const e of items) e.open = false; });
  apply();

  // Deep links open what they name, even where the filter hides it.
  const follow = () => {
    let id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const e = id && document.getElementById(id);
    if (!e || !e.classList.contains("req")) return;
    if (e.hidden) reset();
    e.open = true;
    e.scrollIntoView({ block: "start" });
    $("summary", e).focus({ preventScroll: true });
  };
  addEventListener("hashchange", follow);
  // A click on the link that is in the address bar already changes no hash.
  document.addEventListener("click", (event) => {
    const a = event.target.closest('a[href^="#"]');
    if (a && a.hash === location.hash) follow();
  });
  follow();

  // Paper shows what isn't kept; afterwards all is as it was.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = $$(".req[data-attention]:not([open]), .open details:not([open]), #configuration details:not([open])");
    for (const e of opened) e.open = true;
  });
  addEventListener("afterprint", () => { for (const e of opened) e.open = false; });
})();
