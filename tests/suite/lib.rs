//! Scenarios over the whole platform. All of it is in the test target `suite`,
//! so that one process, and with it one database server, runs them all.
