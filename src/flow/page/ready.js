// --------------------------------------------------------------------------------------------------------------- ready
// Whether an element can be acted on now: visible, enabled, standing still, not covered. "Not yet" is a wait, no failure.

function isVisible(element) {
  if (element.localName === 'option' && element.closest('select')) return isVisible(element.closest('select'));
  if (isInert(element)) return isVisibleInert(element);
  if (!Array.from(element.getClientRects()).some(hasSize)) return false;
  return getComputedStyle(element).visibility === 'visible';
}

const hasSize = rect => rect.width > 0 && rect.height > 0;

// Nothing is laid out in a fetched page: only what the markup itself hides is hidden.
function isVisibleInert(element) {
  if (element.closest(`[hidden], ${UNREAD}`)) return false;
  for (let each = element.closest('[style]'); each; each = each.parentElement?.closest('[style]')) {
    if (HIDING_STYLE.test(each.getAttribute('style'))) return false;
  }
  return !(element.localName === 'input' && element.getAttribute('type')?.toLowerCase() === 'hidden');
}

const HIDING_STYLE = /(^|;)\s*(display\s*:\s*none|visibility\s*:\s*hidden)/i;

function isEnabled(element) {
  return !element.matches(':disabled') && element.closest('[aria-disabled="true"], [inert]') === null;
}

// Where each element was when it was last asked for, to see whether it stands still.
const lastSeen = new WeakMap();

// One frame of a 60 Hz screen, rounded down: two looks closer together than this prove nothing.
const FRAME_MS = 15;

function isStill(element) {
  const { x, y, width, height } = element.getBoundingClientRect();
  const now = performance.now();
  const before = lastSeen.get(element);
  const same = before && [x, y, width, height].every((value, at) => value === before.rect[at]);
  if (same) return now - before.since >= FRAME_MS;
  lastSeen.set(element, { rect: [x, y, width, height], since: now });
  return false;
}

function bringIntoView(element) {
  const { x, y } = middle(element);
  const inside = x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
  if (!inside) element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
}

function middle(element) {
  const rect = Array.from(element.getClientRects()).find(hasSize) ?? element.getBoundingClientRect();
  return { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 };
}

// What lies over the element's middle, or null. A label over its own control is no cover.
function coverOf(element) {
  const { x, y } = middle(element);
  const hit = element.getRootNode().elementFromPoint(x, y);
  if (!hit) return null;
  for (let each = hit; each; each = each.parentNode ?? each.host) if (each === element) return null;
  return hit.closest('label')?.control === element ? null : hit;
}

// null, or { kind, reason } of what must still be waited for. `still`: also wait until it has stopped moving.
function obstacle(element, still) {
  if (!isVisible(element)) return { kind: 'not-visible', reason: 'it is not visible' };
  if (!isEnabled(element)) return { kind: 'not-enabled', reason: 'it is not enabled' };
  bringIntoView(element);
  if (still && !isStill(element)) return { kind: 'moving', reason: 'it is moving' };
  const cover = coverOf(element);
  return cover ? { kind: 'covered', reason: `${outline(cover)} covers it` } : null;
}

function outline(element) {
  const classes = Array.from(element.classList, name => `.${name}`).join('');
  return `<${element.localName}${element.id ? `#${element.id}` : ''}${classes}>`;
}

