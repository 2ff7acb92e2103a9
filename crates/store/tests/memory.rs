use std::future::ready;
use store::MemoryStore;

store::contract!(ready(MemoryStore::new()));
