use super::*;

const MEETING: MeetingId = MeetingId([1; 16]);

fn key(seed: u8) -> CardKey {
    CardKey::new(Secret::new([seed; 32]))
}

fn card(title: &str, host_name: &str) -> Card {
    Card { title: Pii::new(title.into()), host_name: Pii::new(host_name.into()) }
}

fn sealed(card: &Card) -> Vec<u8> {
    card.seal(&key(1), &MEETING, &mut |out: &mut [u8]| out.fill(5))
}

#[test]
fn a_card_opens_to_what_was_sealed() {
    for card in [card("Thursday group", "Dr. Žižek"), card("", ""), Card::default()] {
        assert_eq!(Card::open(&key(1), &MEETING, &sealed(&card)), Ok(card));
    }
}

#[test]
fn texts_of_a_card_are_sanitised() {
    let opened = Card::open(&key(1), &MEETING, &sealed(&card("A\u{202E}B", &"x".repeat(5000))));
    assert_eq!(opened, Ok(card("AB", &"x".repeat(60))));
}

#[test]
fn a_cards_length_says_nothing_about_short_texts() {
    assert_eq!(sealed(&card("a", "b")).len(), sealed(&card(&"a".repeat(100), "Ana")).len());
}

#[test]
fn card_under_another_key_or_meeting() {
    let sealed = sealed(&card("Thursday group", "Ana"));
    assert_eq!(Card::open(&key(2), &MEETING, &sealed), Err(Unopened));
    assert_eq!(Card::open(&key(1), &MeetingId([2; 16]), &sealed), Err(Unopened));
}

#[test]
fn flipped_or_missing_byte_of_a_card() {
    let sealed = sealed(&card("Thursday group", "Ana"));
    for at in 0..sealed.len() {
        let mut flipped = sealed.clone();
        flipped[at] ^= 0x80;
        assert_eq!(Card::open(&key(1), &MEETING, &flipped), Err(Unopened));
        assert_eq!(Card::open(&key(1), &MEETING, &sealed[..at]), Err(Unopened));
    }
}

#[test]
fn card_debug_prints_no_name() {
    assert_eq!(format!("{:?}", card("T", "Ana")), "Card { title: Pii(…), host_name: Pii(…) }");
}
