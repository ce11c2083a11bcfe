// What the page shows, by a recipe's marks: one round trip for everything.
(recipe) => {
  const LIMIT = 400; // characters of an element's text that are looked at
  const PEOPLE = 1000; // as many as are taken of it

  const visible = (one) => {
    if (one.checkVisibility && !one.checkVisibility({ visibilityProperty: true })) return false;
    const { width, height } = one.getBoundingClientRect();
    return width > 0 && height > 0;
  };

  const words = (one) =>
    [
      one.getAttribute("aria-label"),
      one.getAttribute("title"),
      one.getAttribute("placeholder"),
      one.labels?.[0]?.innerText,
      one.tagName === "INPUT" && one.type === "submit" ? one.value : null,
      one.innerText?.slice(0, LIMIT),
    ].filter(Boolean);

  const find = ({ css, text }) => {
    const shape = new RegExp(text, "i");
    for (const one of document.querySelectorAll(css)) {
      if (!visible(one) || one.disabled || one.getAttribute("aria-disabled") === "true") continue;
      if (!text || words(one).some((some) => shape.test(some.trim()))) return one;
    }
    return null;
  };
  if (recipe.find) return find(recipe.find);

  const people = new Map();
  const lit = new Set();
  const roster = recipe.roster;
  for (const one of roster ? document.querySelectorAll(roster.item) : []) {
    if (roster.ignore && one.matches(roster.ignore)) continue;
    const label = roster.name ? one.querySelector(roster.name) : one;
    const name = (label?.innerText ?? label?.textContent ?? "").trim().slice(0, LIMIT);
    if (!name || (roster.ignoreText && new RegExp(roster.ignoreText, "i").test(name))) continue;
    const id = ((roster.id && one.getAttribute(roster.id)) || name).slice(0, LIMIT);
    if (people.size >= PEOPLE && !people.has(id)) continue;
    if (!people.has(id)) people.set(id, name);
    if (roster.lit && (one.matches(roster.lit) || one.querySelector(roster.lit))) lit.add(id);
  }

  const owners = {};
  for (const one of recipe.owners ? document.querySelectorAll(recipe.owners.css) : []) {
    const who = one.getAttribute(recipe.owners.attribute);
    for (const track of one.srcObject?.getAudioTracks() ?? []) if (who) owners[track.id] = who.slice(0, LIMIT);
  }

  return {
    signs: Object.entries(recipe.signs)
      .filter(([, marks]) => marks.some((mark) => find(mark)))
      .map(([sign]) => sign),
    steps: recipe.steps.flatMap((mark, index) => (find(mark) ? [index] : [])),
    people: [...people].map(([id, name]) => ({ id, name })),
    lit: [...lit],
    owners,
  };
}
