// Who searches mostly looks for a sheet: first come sheets with the words in their titles, then other sheets, then the rest.
const asked = (new URLSearchParams(location.search).get("q") ?? "").toLowerCase().split(/\s+/).filter((word) => word.length > 2);
var Scorer = {
  score: ([page, title, place, about, score]) => {
    const isSheet = /^course\/(?!group-|routes|beside)/.test(page);
    const named = asked.filter((word) => title.toLowerCase().includes(word)).length;
    return score + (isSheet ? 30 : 0) + 10 * named;
  },
  objNameMatch: 11, objPartialMatch: 6, objPrio: { 0: 15, 1: 5, 2: -5 }, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
};
