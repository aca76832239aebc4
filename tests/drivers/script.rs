//! `geckodriver.sh`.
