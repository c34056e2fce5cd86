// Looks at the page as it is laid out and writes what it sees into the page, as JSON.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  for (const item of all("details")) item.open = true;
  const visible = (item) => item.getClientRects().length > 0;
  const rgb = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = colour.map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };
  const opaque = (colour) => colour.length === 3 || colour[3] > 0.5;
  const backdrop = (item) => {
    const box = item.getBoundingClientRect();
    const under = document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const chain = item.closest("svg") ? under.filter((other) => other !== item) : [];
    for (let up = item.closest("svg") || item; up; up = up.parentElement) chain.push(up);
    for (const other of chain) {
      const style = getComputedStyle(other);
      const colour = rgb(other.tagName === "rect" ? style.fill : style.backgroundColor);
      if (colour.length >= 3 && opaque(colour)) return colour;
    }
    return [255, 255, 255];
  };
  const texts = all("body *").filter((item) =>
    visible(item) && !item.closest("title, script, style, .skip") &&
    [...item.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
  const faint = texts.map((item) => {
    const style = getComputedStyle(item);
    const colour = rgb(item.closest("svg") ? style.fill : style.color);
    return [item.textContent.trim().slice(0, 40), Math.round(contrast(colour, backdrop(item)) * 100) / 100];
  }).filter(([, ratio]) => ratio < 4.5);
  const pictures = all("svg").map((svg) => {
    const frame = svg.getBoundingClientRect();
    const words = all("text", svg).map((item) => [item.textContent.trim().slice(0, 40), item.getBoundingClientRect()]);
    const outside = words.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1);
    const inBoxes = all("g.node", svg).flatMap((group) => {
      const box = group.querySelector(".box").getBoundingClientRect();
      return all("text", group).filter((item) => item.getBoundingClientRect().right > box.right - 2).map((item) => item.textContent);
    });
    const overlapping = words.flatMap(([one, a], index) => words.slice(index + 1)
      .filter(([, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4)
      .map(([two]) => [one, two]));
    return { outside: outside.map(([word]) => word), inBoxes, overlapping, bars: all(".bar", svg).length, nodes: all("g.node", svg).length, named: !!svg.querySelector(":scope > title") };
  });
  const ids = all("[id]").map((item) => item.id);
  const seen = {
    width: innerWidth,
    overflow: document.documentElement.scrollWidth - innerWidth,
    background: getComputedStyle(document.body).backgroundColor,
    pwned: window.pwned ?? null,
    scripts: all("script").length,
    images: all("img, iframe, object, link").length,
    loaded: performance.getEntriesByType("resource").map((entry) => entry.name),
    faint,
    pictures,
    headings: all("h1, h2").map((item) => `${item.tagName} ${item.textContent.trim()}`),
    twice: ids.filter((id, index) => ids.indexOf(id) !== index),
    dead: all('a[href^="#"]').map((item) => item.getAttribute("href").slice(1)).filter((id) => !document.getElementById(id)),
    bare: all("th:not([scope])").length,
    text: document.body.innerText,
  };
  const out = document.createElement("script");
  out.type = "application/json";
  out.id = "seen";
  out.textContent = JSON.stringify(seen).replaceAll("<", "\\u003c");
  document.body.append(out);
})();
