// ---------------------------------------------------------------------------------------------------------------- role
// ARIA roles, explicit or implied by the tag, and accessible names: the basics that people use to point at things.

const INPUT_ROLES = {
  button: 'button', submit: 'button', reset: 'button', image: 'button', checkbox: 'checkbox', radio: 'radio',
  number: 'spinbutton', range: 'slider', search: 'searchbox', text: 'textbox', email: 'textbox', tel: 'textbox', url: 'textbox',
};

const TAG_ROLES = {
  article: 'article', aside: 'complementary', button: 'button', datalist: 'listbox', dialog: 'dialog', fieldset: 'group',
  figure: 'figure', footer: 'contentinfo', form: 'form', h1: 'heading', h2: 'heading', h3: 'heading', h4: 'heading',
  h5: 'heading', h6: 'heading', header: 'banner', hr: 'separator', li: 'listitem', main: 'main', menu: 'list', meter: 'meter',
  nav: 'navigation', ol: 'list', option: 'option', output: 'status', p: 'paragraph', progress: 'progressbar', search: 'search',
  section: 'region', summary: 'button', table: 'table', tbody: 'rowgroup', td: 'cell', textarea: 'textbox', tfoot: 'rowgroup',
  th: 'columnheader', thead: 'rowgroup', tr: 'row', ul: 'list',
};

// Roles that are named by what they contain.
const NAMED_BY_CONTENT = new Set(['button', 'cell', 'checkbox', 'columnheader', 'gridcell', 'heading', 'link', 'listitem',
  'menuitem', 'menuitemcheckbox', 'menuitemradio', 'option', 'radio', 'row', 'rowheader', 'switch', 'tab', 'tooltip', 'treeitem']);

function roleOf(element) {
  const explicit = element.getAttribute('role')?.trim().split(/\s+/)[0];
  if (explicit) return explicit.toLowerCase();
  const tag = element.localName;
  if (tag === 'a' || tag === 'area') return element.hasAttribute('href') ? 'link' : null;
  if (tag === 'img') return element.getAttribute('alt') === '' ? null : 'img';
  if (tag === 'select') return element.multiple || element.size > 1 ? 'listbox' : 'combobox';
  if (tag === 'input') return element.hasAttribute('list') ? 'combobox' : INPUT_ROLES[element.type] ?? null;
  return TAG_ROLES[tag] ?? null;
}

function nameOf(element) {
  const referred = byReference(element);
  if (referred) return referred;
  const stated = element.getAttribute('aria-label');
  if (stated && stated.trim()) return stated;
  return nativeName(element) || element.getAttribute('title') || element.getAttribute('placeholder') || '';
}

function byReference(element) {
  const ids = element.getAttribute('aria-labelledby')?.trim().split(/\s+/) ?? [];
  const root = element.getRootNode();
  return ids.map(id => root.getElementById?.(id)).filter(Boolean).map(textOf).join(' ').trim();
}

function nativeName(element) {
  if (isButtonInput(element)) return element.value || element.getAttribute('alt') || { submit: 'Submit', reset: 'Reset' }[element.type];
  if (element.localName === 'img' || element.localName === 'area') return element.getAttribute('alt');
  if (element.localName === 'fieldset') return element.querySelector(':scope > legend')?.textContent;
  if (element.localName === 'table') return element.querySelector(':scope > caption')?.textContent;
  const labels = Array.from(element.labels ?? [], textOf).join(' ').trim();
  if (labels && element.localName !== 'button') return labels;
  return NAMED_BY_CONTENT.has(roleOf(element)) ? `${textOf(element)} ${altTexts(element)}` .trim() : '';
}

const altTexts = element => Array.from(element.querySelectorAll('img[alt]'), image => image.alt).join(' ');

const isHiddenFromReaders = element => element.closest('[aria-hidden="true"]') !== null || !isVisible(element);

