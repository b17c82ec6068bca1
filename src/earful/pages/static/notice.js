// The line under the header that says what went wrong, or what the person should know.

const box = document.getElementById("notice");
const text = document.getElementById("notice-text");
document.getElementById("notice-close").addEventListener("click", () => clearNotice());

/** Show a line; `tone` is "problem" or "note". */
export function notice(message, tone = "problem") {
  box.dataset.tone = tone;
  box.hidden = false;
  text.textContent = message;
}

/** Take the line away. */
export function clearNotice() {
  box.hidden = true;
  text.textContent = "";
}
