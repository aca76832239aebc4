// ---------------------------------------------------------------------------------------------------------------- text
// What people read, without the noise that markup puts between the words.

// Zero-width characters, soft hyphens and the private-use glyphs of icon fonts.
const NOISE = /[\u00ad\u200b-\u200f\u2060\ufeff\ue000-\uf8ff]/g;

// Elements whose text nobody reads.
const UNREAD = 'script, style, noscript, template, head, title';

// `\s` of ES2020 covers NBSP, U+202F and the rest of Unicode's spaces.
function normal(text) {
  return String(text ?? '').normalize('NFC').replace(NOISE, '').replace(/\s+/g, ' ').trim().toLowerCase();
}

function says(text, wanted, exact) {
  const [have, want] = [normal(text), normal(wanted)];
  return exact ? have === want : have.includes(want);
}

// A document that DOMParser made has no window: nothing in it is laid out.
function isInert(node) {
  return (node.ownerDocument ?? node).defaultView === null;
}

const isButtonInput = element => element.localName === 'input' && /^(button|submit|reset|image)$/.test(element.type);

function textOf(element) {
  if (isButtonInput(element)) return element.value || element.getAttribute('alt') || '';
  if (isInert(element)) return inertText(element);
  const own = element.innerText ?? element.textContent ?? '';
  const shadows = shadowRootsIn(element).map(root => Array.from(root.children, textOf).join(' '));
  return shadows.length ? [own, ...shadows].join(' ') : own;
}

function inertText(element) {
  const parts = [];
  const walk = node => {
    if (node.nodeType === 3) parts.push(node.data);
    else if (node.nodeType === 1 && !node.matches(UNREAD) && isVisible(node)) {
      for (const child of node.childNodes) walk(child);
      if (!INLINE.test(node.localName)) parts.push(' ');
    }
  };
  walk(element);
  return parts.join('');
}

// Tags that do not separate words.
const INLINE = /^(a|abbr|b|bdi|bdo|cite|code|data|dfn|em|font|i|kbd|mark|q|s|samp|small|span|strong|sub|sup|time|u|var)$/;

function pageText(doc) {
  return doc.body ? textOf(doc.body) : doc.documentElement?.textContent ?? '';
}

// The text as a variable keeps it: spaces joined, case kept.
function tidy(text) {
  return String(text ?? '').replace(NOISE, '').replace(/\s+/g, ' ').trim();
}

// The first group, or the whole match; null where the pattern does not match.
function extract(text, pattern) {
  if (pattern === undefined || pattern === null) return text;
  const found = expression(pattern).exec(text);
  return found && (found[1] ?? found[0]);
}

function expression(pattern) {
  try {
    return new RegExp(pattern, 'iu');
  } catch (error) {
    throw new Problem('bad-pattern', `the pattern ${quote(pattern)} cannot be used: ${error.message}`);
  }
}

const quote = text => `“${text}”`;

// Why something cannot be done at all; it ends a step at once.
class Problem extends Error {
  constructor(kind, reason) {
    super(reason);
    this.kind = kind;
  }
}

