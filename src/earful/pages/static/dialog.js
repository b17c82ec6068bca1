// A question in a dialog; its buttons' values are the answers.

/** Show a dialog and return the value of the button that closed it; closed otherwise, "cancel". */
export function ask(dialog) {
  dialog.returnValue = "cancel";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue || "cancel"), { once: true });
  });
}
