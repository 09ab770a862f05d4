// Fields for guesses, which nobody judges.
function ownGuesses(page) {
  for (const [at, place] of [...document.querySelectorAll("main .guess .guessed")].entries()) {
    const field = element(place.tagName === "DIV" ? "textarea" : "input", { "aria-label": place.dataset.name, "data-id": `guess ${at}` });
    page.fields.set(field.dataset.id, field);
    (place.querySelector(".number") ?? place).append(field);
  }
}
