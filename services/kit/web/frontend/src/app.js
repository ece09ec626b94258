// Small helps. Every page works without this file; nothing here decides anything.
(() => {
  const doc = document;
  const each = (selector, act) => doc.querySelectorAll(selector).forEach(act);

  const ready = () => {
    // Take the reader to what went wrong.
    doc.querySelector("[data-focus]")?.focus();

    // Controls that do nothing without scripts are hidden in the page.
    each("[data-toggle-password]", (button) => {
      const field = doc.getElementById(button.dataset.togglePassword);
      if (!field) return;
      const label = [button.dataset.show, button.dataset.hide];
      const set = (shown) => {
        field.type = shown ? "text" : "password";
        button.textContent = label[+shown];
        button.setAttribute("aria-pressed", shown);
      };
      button.hidden = false;
      button.addEventListener("click", () => set(field.type === "password"));
      // A browser must store the field as a password.
      field.form?.addEventListener("submit", () => set(false));
    });
    each("[data-print]", (button) => {
      button.hidden = false;
      button.addEventListener("click", () => print());
    });
    online();
  };

  // One press, one submission. The button is switched off only after the browser
  // has read the form, so that its own name and value are still sent.
  const free = (form) => {
    delete form.dataset.sent;
    form.querySelectorAll("[data-held]").forEach((button) => {
      button.removeAttribute("data-held");
      button.disabled = false;
    });
  };
  doc.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => {
      form.querySelectorAll("button:not([type=button]):not([disabled])").forEach((button) => {
        button.dataset.held = "";
        button.disabled = true;
      });
    });
    // A download leaves the page in place, and a lost link must allow another try.
    setTimeout(free, 12000, form);
  });
  // Back to a page that the browser kept in memory.
  addEventListener("pageshow", (event) => event.persisted && each("form[data-sent]", free));
  doc.addEventListener("htmx:afterRequest", (event) => event.target.closest?.("form[data-sent]") && free(event.target.closest("form")));

  // Codes are written in capitals; leave alone a letter still being composed.
  doc.addEventListener("input", (event) => {
    const field = event.target;
    if (event.isComposing || !field.matches?.("[data-upper]")) return;
    const at = field.selectionStart;
    field.value = field.value.toUpperCase();
    field.setSelectionRange(at, at);
  });

  const online = () => each("[data-offline]", (notice) => (notice.hidden = navigator.onLine));
  addEventListener("online", online);
  addEventListener("offline", online);

  doc.readyState === "loading" ? doc.addEventListener("DOMContentLoaded", ready) : ready();
})();
