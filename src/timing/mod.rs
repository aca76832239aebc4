//! What to do when: the attempt's state machine, retry, misfire, the site's clock. Pure.
