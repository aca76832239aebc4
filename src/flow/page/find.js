// ---------------------------------------------------------------------------------------------------------------- find
// From a target (ordered locators) to one element. Open shadow roots are looked through by everything but XPath.

function shadowRootsIn(root) {
  const roots = root.shadowRoot ? [root.shadowRoot, ...shadowRootsIn(root.shadowRoot)] : [];
  for (const element of root.querySelectorAll('*')) {
    if (element.shadowRoot) roots.push(element.shadowRoot, ...shadowRootsIn(element.shadowRoot));
  }
  return roots;
}

function queryAll(root, css) {
  try {
    return [root, ...shadowRootsIn(root)].flatMap(place => Array.from(place.querySelectorAll(css)));
  } catch (error) {
    if (error.name === 'SyntaxError') throw new Problem('bad-locator', `css ${quote(css)} cannot be read`);
    throw error;
  }
}

function xpathAll(root, written) {
  const doc = root.ownerDocument ?? root;
  // A path from the root of the document would leave the element that `within` named.
  const path = root !== doc && written.startsWith('/') ? `.${written}` : written;
  try {
    const found = doc.evaluate(path, root, null, 7 /* ORDERED_NODE_SNAPSHOT_TYPE */, null);
    return Array.from({ length: found.snapshotLength }, (_, at) => found.snapshotItem(at)).filter(node => node.nodeType === 1);
  } catch (error) {
    throw new Problem('bad-locator', `xpath ${quote(written)} cannot be used: ${error.message}`);
  }
}

const withAttribute = (root, attribute, wanted, exact) =>
  queryAll(root, `[${attribute}]`).filter(element => says(element.getAttribute(attribute), wanted, exact));

const WAYS = {
  css: (root, css) => queryAll(root, css),
  xpath: (root, path) => xpathAll(root, path),
  id: (root, id) => queryAll(root, `[id="${CSS.escape(id)}"]`),
  name: (root, name) => queryAll(root, `[name="${CSS.escape(name)}"]`),
  label: (root, wanted, exact) => byLabel(root, wanted, exact),
  role: (root, { role, name }, exact) => byRole(root, role, name, exact),
  text: (root, wanted, exact) => innermost(root, wanted, exact),
  'test-id': (root, id) => queryAll(root, ['testid', 'test-id', 'test'].map(end => `[data-${end}="${CSS.escape(id)}"]`).join()),
  title: (root, wanted, exact) => withAttribute(root, 'title', wanted, exact),
  placeholder: (root, wanted, exact) => withAttribute(root, 'placeholder', wanted, exact),
};

function byLabel(root, wanted, exact) {
  const found = new Set();
  for (const label of queryAll(root.ownerDocument ?? root, 'label')) {
    if (label.control && isInside(label.control, root) && says(labelText(label), wanted, exact)) found.add(label.control);
  }
  for (const element of withAttribute(root, 'aria-label', wanted, exact)) found.add(element);
  for (const element of queryAll(root, '[aria-labelledby]')) {
    if (says(byReference(element), wanted, exact)) found.add(element);
  }
  return inOrder(found);
}

// A wrapping label holds its control, whose options are not part of what it says.
function labelText(label) {
  if (!label.querySelector('select, textarea')) return textOf(label);
  const copy = label.cloneNode(true);
  for (const control of copy.querySelectorAll('select, textarea')) control.remove();
  return copy.textContent;
}

function byRole(root, role, name, exact) {
  const wanted = role.toLowerCase();
  return queryAll(root, '*').filter(element => roleOf(element) === wanted && !isHiddenFromReaders(element)
    && (name === undefined || name === null || says(nameOf(element), name, exact)));
}

function innermost(root, wanted, exact) {
  const holding = new Set(queryAll(root, '*').filter(element => !element.closest(UNREAD) && holds(element, wanted, exact)));
  const around = new Set();
  for (const element of holding) for (let each = parentOf(element); each && !around.has(each); each = parentOf(each)) around.add(each);
  return [...holding].filter(element => !around.has(element));

  // The cheap question first: `textContent` needs no layout.
  function holds(element, text, whole) {
    if (isButtonInput(element)) return says(element.value, text, whole);
    return says(element.textContent, text, false) && says(textOf(element), text, whole);
  }
}

// Through the border of a shadow root.
const parentOf = element => element.parentElement ?? element.getRootNode().host ?? null;

function isInside(element, root) {
  if (root === (element.ownerDocument ?? element)) return true;
  for (let each = element; each; each = parentOf(each)) if (each === root) return true;
  return false;
}

function inOrder(elements) {
  const after = (a, b) => (a.compareDocumentPosition(b) & 4 /* FOLLOWING */ ? -1 : 1);
  return [...elements].sort(after);
}

// Every match of one locator, before `nth` and `first` choose.
function matches(locator, root) {
  const [[way, what]] = Object.entries(locator.by);
  const within = locator.within?.length ? locate(locator.within, root, 'there') : null;
  if (within && !within.element) return { elements: [], outside: within };
  const elements = WAYS[way](within ? within.element : root, what, locator.exact);
  const wanted = locator['has-text'];
  return { elements: wanted === undefined ? elements : elements.filter(each => says(textOf(each), wanted, locator.exact)) };
}

// The matches that count for conditions and rows: without strictness, `nth` and `first` still choose.
function every(target, root) {
  for (const locator of target) {
    const { elements } = matches(locator, root);
    const chosen = locator.first || locator.nth !== undefined ? [choose(locator, elements)].filter(Boolean) : elements;
    if (chosen.length) return chosen;
  }
  return [];
}

function choose(locator, elements) {
  const nth = locator.nth;
  if (nth !== undefined && nth !== null) return elements[nth > 0 ? nth - 1 : elements.length + nth] ?? null;
  if (locator.first) return elements.find(each => isVisible(each) && isEnabled(each)) ?? elements.find(isVisible) ?? elements[0] ?? null;
  return elements.length === 1 ? elements[0] : null;
}

// One locator's answer: the element, or why there is none.
function one(locator, root) {
  const { elements, outside } = matches(locator, root);
  if (outside) return { ...outside, element: null, reason: `inside it: ${outside.reason}` };
  const element = choose(locator, elements);
  const count = elements.length;
  if (element) return { element, count, kind: null, reason: null };
  const kind = count > 1 && locator.nth === undefined ? 'ambiguous' : 'not-found';
  return { element, count, kind, reason: `${describe(locator)} matches ${count === 1 ? '1 element' : `${count} elements`}` };
}

// The first locator that finds a usable element wins. `need`: "visible", or "there" for what may be hidden.
// → { element | null, count, hit, kind, reason }
function locate(target, root = document, need = 'visible') {
  const misses = [];
  for (let hit = 0; hit < target.length; hit += 1) {
    const found = { ...one(target[hit], root), hit };
    if (found.kind === 'ambiguous') return found;
    if (found.element && (need === 'there' || isVisible(found.element))) return found;
    misses.push(found.element ? { ...found, kind: 'not-visible', reason: `${describe(target[hit])} is not visible` } : found);
  }
  const best = misses.find(miss => miss.element) ?? misses[0];
  const reason = misses.map(miss => miss.reason).join('; ') || 'there is no locator';
  return { element: null, count: best?.count ?? 0, hit: null, kind: best?.kind ?? 'not-found', reason };
}

function describe(locator) {
  const [[way, what]] = Object.entries(locator.by);
  const words = way === 'role' ? `role ${what.role}${what.name ? ` ${quote(what.name)}` : ''}` : `${way} ${quote(what)}`;
  const text = locator['has-text'] === undefined ? '' : ` with the text ${quote(locator['has-text'])}`;
  return words + text + (locator.nth === undefined ? '' : ` (number ${locator.nth})`);
}

