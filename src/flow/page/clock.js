// --------------------------------------------------------------------------------------------------------------- clock
// This machine's clock as the page sees it, and waiting for an instant without ever being early.

// The page's scripts may put another clock in the place of this one at any time.
const wallClock = Date.now.bind(Date);
const steadyClock = performance.now.bind(performance);

// A browser that rounds its clocks to a millisecond may round up (Firefox jitters): then a whole step is waited more.
const COARSE_STEP_MS = 0.5;

let coarse = null;

function isCoarse() {
  if (coarse !== null) return coarse;
  let smallest = Infinity;
  const start = performance.now();
  for (let before = start, now = start; now - start < 3; now = performance.now()) {
    if (now > before) smallest = Math.min(smallest, now - before);
    before = now;
  }
  coarse = smallest >= COARSE_STEP_MS;
  return coarse;
}

const isReached = at => wallClock() - (isCoarse() ? 1 : 0) >= at;

// A clock that goes otherwise than time does was set, or is not the machine's: nothing is known by it any more.
const LARGEST_STEP_MS = 20;

// Whether the clock has gone as time does since; without `since` that begins now.
const clockMark = () => wallClock() - steadyClock();
const isSteady = since => Math.abs(clockMark() - since) <= LARGEST_STEP_MS;

// Milliseconds of the Unix epoch with the fine grain of `performance.now`, set by the edges of `Date.now`.
let ahead = null;

function stamp() {
  if (ahead === null) setStamp();
  return ahead + performance.now();
}

function setStamp() {
  let least = Infinity;
  for (let edge = 0; edge < 3; edge += 1) {
    const before = wallClock();
    let now = before;
    for (let turns = 0; now === before && turns < 1e7; turns += 1) now = wallClock();
    least = Math.min(least, now - performance.now());
  }
  ahead = least;
}

function hold(at) {
  while (!isReached(at)) { /* the last moments are worth a busy thread */ }
}

// How long before its instant a waiting page stops sleeping. Timers wake up to 11 ms late on a busy machine.
const SPIN_MS = 25;

// No single nap is longer: browsers let long timers slip by seconds, and the wall clock may be stepped meanwhile.
const LONGEST_NAP_MS = 1000;

// The first nap tells whether timers are held back; that must be known while there is time.
const FIRST_NAP_MS = 20;

// A nap that lasts so much longer was held back: browsers wake pages that nobody sees once a second.
const HELD_BACK_MS = 100;

// From so long before its instant, a page whose timers are held back no longer relies on them.
const WAKEFUL_MS = 2500;

// Calls `wake` at `at`, by ever shorter naps and a spin at the end, with what `aim` gave just before the spin, unless `isWanted`
// says that nobody waits any more. `soon` is what to do on the way: { before, until, does }, from `before` milliseconds ahead of
// the instant on, but not later than `until`; `meanwhile` is called whenever it wakes up.
function waitUntil(at, { isWanted, soon, meanwhile, aim, wake }) {
  const due = [...soon].sort((a, b) => b.before - a.before);
  const left = () => at - wallClock();
  let heldBack = false;
  const nap = () => {
    if (!isWanted()) return;
    meanwhile(left());
    while (due.length > 0 && left() <= due[0].before) doIfInTime(due.shift());
    const rest = left() - Math.max(due[0]?.before ?? 0, SPIN_MS);
    if (rest > 1) return void sleep(Math.min(LONGEST_NAP_MS, rest > 60 ? rest / 2 : rest));
    const aimed = aim();
    hold(at);
    wake(aimed);
  };
  const doIfInTime = ({ until, does }) => {
    if (left() > until) does();
  };
  const sleep = ms => {
    if (heldBack && left() < WAKEFUL_MS) return yieldBriefly(nap);
    const started = performance.now();
    setTimeout(() => {
      heldBack = performance.now() - started > ms + HELD_BACK_MS;
      nap();
    }, ms);
  };
  isCoarse();
  sleep(Math.min(FIRST_NAP_MS, Math.max(left() - SPIN_MS, 0)));
}

// Lets everything else have its turn; no browser holds messages back.
function yieldBriefly(next) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    next();
  };
  port2.postMessage(null);
}

