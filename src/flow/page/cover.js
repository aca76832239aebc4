// --------------------------------------------------------------------------------------------------------------- pictures
// What a picture of the page would show as text, and putting something else there for as long as the picture takes. Which
// texts must not be seen is decided outside: no secret comes in here.

// Text in these is not shown, or as the value of a control.
const UNSEEN = new Set(['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE', 'TEXTAREA']);

// Attributes that browsers show.
const SHOWN_ATTRIBUTES = ['placeholder', 'title', 'alt', 'label'];

// Controls whose value is no text that anybody sees, or cannot be set.
const WITHOUT_TEXT = new Set(['hidden', 'checkbox', 'radio', 'file', 'range', 'color', 'image']);

// No picture takes longer; whoever wanted it may have been cut off.
const COVERED_MS = 10000;

// Places of the last look, and how to put back what was covered since.
let seenPlaces = [];
let uncovering = [];

// Every text that the window shows, in the order of the page.
function shown() {
  let top;
  try { top = window.top.document; } catch { top = null; }
  if (!top) throw new Problem('unsupported', 'the window shows more than can be looked into from this frame');
  seenPlaces = windowsPlaces(top);
  return seenPlaces.map(place => ({ text: place.get(), flows: place.flows }));
}

function windowsPlaces(doc) {
  const frames = queryAll(doc, 'iframe, frame, object, embed');
  const inside = frames.flatMap(frame => frame.contentDocument ? windowsPlaces(frame.contentDocument) : []);
  return [...[doc, ...shadowRootsIn(doc)].flatMap(placesIn), ...inside];
}

function placesIn(root) {
  const walker = (root.ownerDocument ?? root).createTreeWalker(root, 4 /* SHOW_TEXT */);
  const places = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!UNSEEN.has(node.parentNode?.nodeName)) places.push({ get: () => node.data, set: text => { node.data = text; }, flows: true });
  }
  for (const element of root.querySelectorAll('input, textarea')) {
    if (WITHOUT_TEXT.has(element.type)) continue;
    places.push({ get: () => element.value, set: text => setQuietly(element, text), flows: false });
  }
  for (const name of SHOWN_ATTRIBUTES) {
    for (const element of root.querySelectorAll(`[${name}]`)) {
      places.push({ get: () => element.getAttribute(name) ?? '', set: text => element.setAttribute(name, text), flows: false });
    }
  }
  return places;
}

// Past the page's own ways to hear of it.
function setQuietly(element, text) {
  const kind = element.ownerDocument.defaultView[element.tagName === 'TEXTAREA' ? 'HTMLTextAreaElement' : 'HTMLInputElement'];
  Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(element, text);
}

// Puts other texts into places of the last look, as [place, what stands there, what shall], and hides frames that cannot be
// looked into.
function cover(changes) {
  setTimeout(uncover, COVERED_MS);
  for (const [at, was, text] of changes) {
    const place = seenPlaces[at];
    if (!place || place.get() !== was) throw new Problem('expectation', 'the page changed while it was made ready for a picture');
    place.set(text);
    const now = place.get();
    uncovering.push(() => { if (place.get() === now) place.set(was); });
  }
  for (const frame of closedFrames(window.top.document)) {
    const style = frame.getAttribute('style');
    frame.style.setProperty('visibility', 'hidden', 'important');
    uncovering.push(() => style === null ? frame.removeAttribute('style') : frame.setAttribute('style', style));
  }
}

function closedFrames(doc) {
  const frames = queryAll(doc, 'iframe, frame, object, embed');
  return frames.flatMap(frame => frame.contentDocument ? closedFrames(frame.contentDocument) : [frame]);
}

// Puts everything back that the page has not changed itself.
function uncover() {
  for (const putBack of uncovering.splice(0).reverse()) putBack();
}

