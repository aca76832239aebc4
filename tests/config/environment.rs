//! Environment variables in place of keys.

use firstserve::config::{LogFormat, SmtpSecurity};
use firstserve::model::{Secret, SiteId};

use super::world::{CLUB, DOUBLES, World, codes, valid};

#[test]
fn a_variable_goes_before_the_file() {
    let world = World::with(&format!("[server]\nlisten = \"127.0.0.1:1\"\n{CLUB}{DOUBLES}"));
    let loaded = world.load_in(&[
        ("FIRSTSERVE_SERVER_LISTEN", "127.0.0.1:9000"),
        ("FIRSTSERVE_SERVER_CORS_ORIGINS", "https://a.example, https://b.example"),
        ("FIRSTSERVE_BROWSER_HEADLESS", "off"),
        ("FIRSTSERVE_LOG_FORMAT", "json"),
        ("FIRSTSERVE_SITE_CLUB_URL", "http://127.0.0.1:7000"),
        ("FIRSTSERVE_SITE_CLUB_COURT_1_SITE_ID", "55"),
        ("FIRSTSERVE_BOOKING_ANA_DOUBLES_TIMES", "18:00,19:00"),
    ]);
    let config = valid(&loaded);
    assert_eq!(config.server.listen, "127.0.0.1:9000");
    assert_eq!(config.server.cors_origins, ["https://a.example", "https://b.example"]);
    assert!(!config.browser.headless);
    assert_eq!(config.log.format, LogFormat::Json);
    let site = config.site(&SiteId::new("club")).expect("the site is there");
    assert_eq!(site.url, "http://127.0.0.1:7000/");
    assert_eq!(site.courts[0].site_id, "55");
    assert_eq!(config.bookings[0].times.len(), 2);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
}

#[test]
fn the_older_names_are_taken() {
    let world = World::with(&format!("[mail]\nfrom = \"a@club.example\"\n{CLUB}"));
    let older = [
        ("DATABASE_URL", "postgres://me:canary@db/x"),
        ("DB_POOL_SIZE", "7"),
        ("SMTP_HOST", "smtp.club.example"),
        ("SMTP_PORT", "2525"),
        ("SMTP_USER", "me"),
        ("SMTP_PASSWORD", "canary"),
        ("JWT_EXPIRE_MINUTES", "30"),
        ("CORS_ORIGINS", "https://a.example"),
        ("LOG_LEVEL", "WARNING"),
    ];
    let loaded = world.load_in(&older);
    let config = valid(&loaded);
    assert_eq!(config.server.database, Secret::new("postgres://me:canary@db/x"));
    assert_eq!(config.server.db_pool_size, 7);
    let mail = config.mail.as_ref().expect("there is a server");
    assert_eq!((mail.smtp_host.as_str(), mail.smtp_port), ("smtp.club.example", 2525));
    assert_eq!((mail.smtp_user.as_deref(), mail.smtp_security), (Some("me"), SmtpSecurity::StartTls));
    assert_eq!(mail.smtp_password, Some(Secret::new("canary")));
    assert_eq!(config.server.jwt_expire_minutes, 30);
    assert_eq!(config.server.cors_origins, ["https://a.example"]);
    assert_eq!(config.log.level, "warn");
    assert!(!format!("{loaded:?}").contains("canary"), "a secret is shown");

    let both = world.load_in(&[("DB_POOL_SIZE", "7"), ("FIRSTSERVE_SERVER_DB_POOL_SIZE", "8")]);
    assert_eq!(valid(&both).server.db_pool_size, 8, "the newer name goes first");
}

#[test]
fn a_bad_variable_is_named() {
    let world = World::with(CLUB);
    let loaded = world.load_in(&[
        ("DB_POOL_SIZE", "many"),
        ("FIRSTSERVE_SITE_CLUB_URL", "club.example"),
        ("FIRSTSERVE_SITE_CLUB_TIME_ZONE", "America/Costa_Rico"),
        ("FIRSTSERVE_SERVER_LISTN", "127.0.0.1:1"),
        ("FIRSTSERVE_SERVICE_HOST", "10.0.0.1"),
    ]);
    assert!(loaded.config.is_none());
    let messages: Vec<_> = loaded.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "environment variable DB_POOL_SIZE is not a whole number: `many`",
            "environment variable FIRSTSERVE_SITE_CLUB_URL: `url` is not an absolute address",
            "environment variable FIRSTSERVE_SITE_CLUB_TIME_ZONE: there is no time zone `America/Costa_Rico`",
            "environment variable FIRSTSERVE_SERVER_LISTN is not used",
        ]
    );
    assert!(loaded.problems.iter().all(|problem| problem.help.is_some()));
}

#[test]
fn a_variable_that_nobody_knows_is_warned_of_and_an_orchestrators_is_not() {
    let world = World::with(CLUB);
    let loaded = world.load_in(&[
        ("FIRSTSERVE_NONSENSE", "1"),
        ("FIRSTSERVE_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("FIRSTSERVE_SERVICE_PORT", "8080"),
    ]);
    let told: Vec<_> = loaded.problems.iter().filter(|problem| problem.code == "unknown-variable").collect();
    assert_eq!(told.len(), 1, "{:?}", loaded.problems);
    assert_eq!(told[0].message, "environment variable FIRSTSERVE_NONSENSE is not used");
    let help = told[0].help.as_deref().unwrap_or_default();
    assert!(
        help.starts_with("known here: FIRSTSERVE_BROWSER_") && help.ends_with("one for each table and key"),
        "{help}"
    );
    assert!(loaded.config.is_some(), "it is a warning");
}

#[test]
fn an_empty_variable_is_none_and_two_tables_cannot_share_one() {
    let other =
        CLUB.replace("[site.club", "[site.c-d").replace("[member.ana]\nsite = \"club\"", "[member.b]\nsite = \"c-d\"");
    let third = other.replace("c-d", "c_d").replace("[member.b]", "[member.c]");
    let world = World::with(&format!("{CLUB}{other}{third}"));
    assert!(valid(&world.load_in(&[("FIRSTSERVE_SITE_C_D_URL", "")])).sites.len() == 3);
    let loaded = world.load_in(&[("FIRSTSERVE_SITE_C_D_URL", "https://x.example")]);
    assert_eq!(codes(&loaded), ["bad-variable"]);
}

#[test]
fn a_variable_can_stand_for_a_missing_key() {
    let world = World::with(&CLUB.replace("url = \"https://club.example/\"\n", ""));
    assert_eq!(codes(&world.load()), ["missing-key"]);
    let loaded = world.load_in(&[("FIRSTSERVE_SITE_CLUB_URL", "https://club.example")]);
    assert!(valid(&loaded).site(&SiteId::new("club")).is_some());
}
