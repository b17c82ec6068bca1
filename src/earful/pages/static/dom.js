// Small helpers to build elements from text, never from markup.

/** Return a new element with attributes (or properties, for `className` and the like) and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in made && key !== "list") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Return seconds as `m:ss`, or `h:mm:ss` from an hour on. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(s).padStart(2, "0");
  return h ? `${h}:${String(m).padStart(2, "0")}:${tail}` : `${m}:${tail}`;
}

/** Return the nodes of a search snippet: text, and `<mark>` around what was found; nothing else of it. */
export function marked(snippet) {
  const { body } = new DOMParser().parseFromString(snippet, "text/html");
  return [...body.childNodes].map((node) =>
    node.nodeName === "MARK" ? element("mark", { textContent: node.textContent }) : document.createTextNode(node.textContent));
}

/** Return a day as people write it, "Wed 25 Nov", in the reader's language. */
export function day(iso) {
  return new Date(iso).toLocaleDateString(undefined, { weekday: "short", day: "numeric", month: "short" });
}

/** Put a text on the clipboard, also on plain http pages, where browsers have no `navigator.clipboard`.
 *  Under an open dialog only its own elements can be selected: then it is the `root`. */
export async function copy(text, root = document.body) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const box = element("textarea", { value: text, className: "unseen" });
  root.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}
