// --------------------------------------------------------------------------------------------------------------- clock
// This machine's clock as the page sees it, and waiting for an instant without ever being early.

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

const isReached = at => Date.now() - (isCoarse() ? 1 : 0) >= at;

// Milliseconds of the Unix epoch with the fine grain of `performance.now`, set by the edges of `Date.now`.
let ahead = null;

function stamp() {
  if (ahead === null) setStamp();
  return ahead + performance.now();
}

function setStamp() {
  let least = Infinity;
  for (let edge = 0; edge < 3; edge += 1) {
    const before = Date.now();
    let now = before;
    for (let turns = 0; now === before && turns < 1e7; turns += 1) now = Date.now();
    least = Math.min(least, now - performance.now());
  }
  ahead = least;
}

function hold(at) {
  while (!isReached(at)) { /* the last moments are worth a busy thread */ }
}

// How long before its instant a waiting page stops sleeping. Timers wake up to 11 ms late on a busy machine.
const SPIN_MS = 25;

// When the page looks at the clock for its stamps: late enough that steps of the clock are past.
const SET_STAMP_MS = 100;

// No single nap is longer: browsers let long timers slip by seconds, and the wall clock may be stepped meanwhile.
const LONGEST_NAP_MS = 1000;

// Calls `wake` at `at`, by ever shorter naps and a spin at the end, with what `aim` gave just before the spin, and `warmUp`
// shortly before, unless `isWanted` says that nobody waits any more.
function waitUntil(at, { isWanted, warmUp, aim, wake }) {
  const nap = () => {
    if (!isWanted()) return;
    const left = at - Date.now();
    if (left > SET_STAMP_MS) return void setTimeout(nap, Math.min(LONGEST_NAP_MS, Math.max(left / 2, 1), left - SET_STAMP_MS + 1));
    if (left > SPIN_MS + 10) {
      setStamp();
      warmUp();
    }
    const rest = at - Date.now() - SPIN_MS;
    if (rest > 1) return void setTimeout(nap, rest);
    const aimed = aim();
    hold(at);
    wake(aimed);
  };
  isCoarse();
  nap();
}

