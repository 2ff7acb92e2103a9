//! A meeting, its model and its clock, driven together. Every step is followed by every check.

use crate::cast::{Cast, CertificateFacts, LeaveFacts, SwapFacts, TicketFacts, Who};
use crate::model::Model;
use crate::random::Random;
use crate::steps::{self, Step, StepKind};
use base::hash::sha256;
use base::record::{Record, Saved, Write};
use base::statement::{Doorbell, End, Hello, Statement, StatementError, Unverified, Void};
use base::{DeviceKey, GroupId, Millis, Nonce, Now, ParticipantId, Rights, Role, UnixMillis};
use meeting::{
    Channel, ConnectionId, HelloExpectation, Input, InvitationId, KnockId, Limits, LobbyReason,
    Media, Meeting, Output, ProvenDevice, Publishing, Request, ToClient, Verified, VerifiedTicket,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const ORIGIN: &str = "https://meet.example";

pub struct World {
    pub cast: Cast,
    pub now: Now,
    pub meeting: Meeting,
    pub model: Model,
    /// What the store would hold.
    pub saved: Saved,
    pub limits: Limits,
    /// What the last step sent, to whom.
    pub sent: Vec<(Who, ToClient)>,
    /// Inputs that were refused before the core saw them, because a signature did not verify.
    pub unauthentic: u64,
    random: Random,
    connections: BTreeMap<Who, ConnectionId>,
    owners: BTreeMap<ConnectionId, Who>,
    permits: BTreeMap<ConnectionId, (Who, Rights)>,
    /// Whom the host's side ever vouched for, by group: an upper bound that no rule can widen.
    vouched: BTreeSet<(GroupId, Who)>,
    /// HK signed a host's or delegate's certificate for these.
    delegated: BTreeSet<(GroupId, Who)>,
    commits: BTreeMap<(GroupId, u64), Vec<u8>>,
    nonces: BTreeSet<Nonce>,
    swaps: Vec<SwapFacts>,
    swap_since: BTreeMap<Who, Millis>,
    came: BTreeMap<Who, Millis>,
    leaves: BTreeMap<Who, LeaveFacts>,
    knocks: Vec<KnockId>,
}

impl World {
    pub fn new(seed: u64, limits: Limits) -> Self {
        let cast = Cast::new(8);
        let now = Now { mono: Millis(1_000_000), wall: UnixMillis(1_700_000_000_000) };
        let (meeting, key) = (cast.meeting, cast.key());
        World {
            meeting: Meeting::new(meeting, key, now.wall, limits),
            saved: Saved { meeting, key, used: now.wall, ended: None, records: Vec::new() },
            cast,
            now,
            limits,
            model: Model::default(),
            sent: Vec::new(),
            unauthentic: 0,
            random: Random::new(seed),
            connections: BTreeMap::new(),
            owners: BTreeMap::new(),
            permits: BTreeMap::new(),
            vouched: BTreeSet::new(),
            delegated: BTreeSet::new(),
            commits: BTreeMap::new(),
            nonces: BTreeSet::new(),
            swaps: Vec::new(),
            swap_since: BTreeMap::new(),
            came: BTreeMap::new(),
            leaves: BTreeMap::new(),
            knocks: Vec::new(),
        }
    }

    /// A step of the world's own choosing, after a short while.
    pub fn step(&mut self) -> Step {
        let step = self.choose();
        self.perform(&step);
        step
    }

    /// Lets a short while pass, and chooses the next step.
    pub fn choose(&mut self) -> Step {
        let mut random = self.random.clone();
        let wait = Duration::from_millis(random.below(1500) as u64);
        self.wait(wait);
        let step = steps::choose(self, &mut random);
        self.random = random;
        step
    }

    /// Lets time pass. What is due happens here, so that no later step causes it.
    pub fn wait(&mut self, by: Duration) {
        self.now = self.now.plus(by);
        self.feed(Input::Tick);
    }

    /// Carries out a step on the meeting and on the model, and compares.
    pub fn perform(&mut self, step: &Step) {
        let outside = self.outside();
        self.sent.clear();
        self.act(step);
        self.check_agreement();
        self.check_apart(step.who, &outside);
    }

    /// What was sent since the last step began, or since this was last asked.
    pub fn take_sent(&mut self) -> Vec<(Who, ToClient)> {
        std::mem::take(&mut self.sent)
    }

    pub fn group_or(&self, other: GroupId) -> GroupId {
        self.model.group.as_ref().map_or(other, |group| group.id)
    }

    /// Certificates are numbered by the clock.
    pub fn serial(&self) -> u64 {
        self.now.mono.0
    }

    pub fn waiting_swaps(&self) -> Vec<SwapFacts> {
        let Some(group) = &self.model.group else { return Vec::new() };
        let waits = |swap: &&SwapFacts| {
            group.swaps.get(&swap.device) == Some(&(swap.key_package, swap.epoch))
        };
        self.swaps.iter().filter(waits).cloned().collect()
    }

    pub fn waiting_leaves(&self) -> Vec<LeaveFacts> {
        let Some(group) = &self.model.group else { return Vec::new() };
        let leaving = |leave: &&LeaveFacts| group.leaving.contains_key(&leave.device);
        self.leaves.values().filter(leaving).cloned().collect()
    }

    /// A swap that was asked for at some time.
    pub fn replayed_swap(&self, random: &mut Random) -> Option<SwapFacts> {
        (!self.swaps.is_empty()).then(|| self.swaps[random.below(self.swaps.len())].clone())
    }

    fn act(&mut self, Step { who, kind }: &Step) {
        let who = *who;
        match kind.clone() {
            StepKind::Connect { certificate } => self.connect(who, certificate),
            StepKind::Disconnect => self.disconnect(who),
            StepKind::Restart => self.restart(),
            StepKind::Open { group, certificate, replace } => {
                self.open(who, group, certificate, replace);
            }
            StepKind::Bell { certified } => self.bell(who, certified),
            StepKind::Ring => self.request(who, Request::Ring { invitation: InvitationId([1; 8]) }),
            StepKind::Knock => self.request(who, Request::Knock { sealed: vec![who as u8; 8] }),
            StepKind::Cancel => self.request(who, Request::CancelKnock),
            StepKind::Decline => self.decline(who),
            StepKind::Tell { size } => self.tell(who, size),
            StepKind::Passcode { size } => {
                self.request(who, Request::Passcode { message: vec![who as u8; size] });
            }
            StepKind::PasscodeReply { to } => {
                let device = self.cast.device(to);
                self.request(who, Request::PasscodeReply { device, message: vec![5; 64] });
            }
            StepKind::Commit(facts) => self.commit(who, facts),
            StepKind::Certify(all) => self.certify(who, all),
            StepKind::Void { signer, epoch, commit } => self.void(who, signer, epoch, commit),
            StepKind::Message { epoch, chat } => {
                let group = self.group_or(GroupId([0; 16]));
                let channel = if chat { Channel::Chat } else { Channel::Group };
                let message = vec![7; 32];
                self.request(who, Request::GroupMessage { group, epoch, channel, message });
                let silent = chat && !self.rights(who).contains(Rights::CHAT);
                let passed_on =
                    |(_, m): &(Who, ToClient)| matches!(m, ToClient::GroupMessage { .. });
                assert!(
                    !silent || !self.sent.iter().any(passed_on),
                    "{who} chats without the right"
                );
            }
            StepKind::CatchUp { epoch } => {
                let group = self.group_or(GroupId([0; 16]));
                self.request(who, Request::CatchUp { group, epoch });
            }
            StepKind::Swap(facts) => self.swap(who, facts),
            StepKind::Leave(facts) => self.leave(who, facts),
            StepKind::Publish => {
                let publishing = Publishing { mic: true, ..Publishing::default() };
                self.request(who, Request::Publish { publishing });
            }
            StepKind::End { signer } => self.end(who, signer),
        }
    }

    fn connect(&mut self, who: Who, facts: Option<CertificateFacts>) {
        self.note_delegation(facts);
        self.model.connect(who, facts, self.now.wall);
        let connection = ConnectionId(self.owners.len() as u64);
        self.owners.insert(connection, who);
        self.connections.insert(who, connection);
        self.came.insert(who, self.now.mono);
        let certificate = facts.map(|facts| self.cast.verified(facts));
        self.feed(Input::Connected { connection, device: self.prove(who), certificate });
    }

    fn disconnect(&mut self, who: Who) {
        self.model.disconnect(who);
        if let Some(connection) = self.connections.remove(&who) {
            self.feed(Input::Disconnected { connection });
        }
    }

    /// Everything but the store's contents is lost.
    pub fn restart(&mut self) {
        self.meeting =
            Meeting::restore(self.saved.clone(), self.limits).expect("records read back");
        self.connections.clear();
        self.permits.clear();
        self.model.restart();
    }

    fn open(
        &mut self,
        who: Who,
        group: GroupId,
        facts: CertificateFacts,
        replace: Option<GroupId>,
    ) {
        self.note_delegation(Some(facts));
        let certificate = self.cast.verified(facts);
        if !self.model.connected.contains(&who) {
            return;
        }
        let pending = self.model.group.as_ref().is_some_and(|g| g.swaps.contains_key(&who));
        let since = self.swap_since.get(&who).copied().unwrap_or(self.now.mono);
        let long = |since: Millis| self.now.mono.since(since) >= Duration::from_secs(10);
        let came = self.came.get(&who).copied().unwrap_or(self.now.mono);
        let unanswered = pending && long(since) || !self.model.is_active(who) && long(came);
        if self.model.open(who, group, facts, replace, unanswered, self.now.wall) {
            self.vouched.insert((group, who));
        }
        self.request(who, Request::OpenSession { group, certificate, replace });
    }

    fn certify(&mut self, who: Who, all: Vec<CertificateFacts>) {
        all.iter().for_each(|facts| self.note_delegation(Some(*facts)));
        if self.model.connected.contains(&who) {
            self.model.certify(who, &all, self.now.wall);
        }
        let certificates = all.into_iter().map(|facts| self.cast.verified(facts)).collect();
        self.request(who, Request::Certify { certificates });
    }

    fn bell(&mut self, who: Who, certified: bool) {
        let statement = Doorbell {
            meeting: self.cast.meeting,
            group: self.group_or(GroupId([0; 16])),
            device: self.cast.device(who),
            // Devices of the host's side share one.
            hpke: [who as u8 / 2; 32],
            expiry: self.now.wall + Duration::from_secs(3600),
        };
        let signer = if certified { &self.cast.hk } else { self.cast.signer(who) };
        let verified = Verified::by_meeting_key(&signer.sign(&statement), &self.cast.key());
        let Some(doorbell) = self.authentic(verified) else { return };
        let nonces = (0..8).map(|_| Nonce(self.random.bytes())).collect();
        self.request(who, Request::Doorbell { doorbell, nonces });
    }

    fn decline(&mut self, who: Who) {
        if let Some(knock) = self.knocks.pop() {
            self.request(who, Request::Decline { knock, reason: LobbyReason::Declined });
        }
    }

    fn tell(&mut self, who: Who, size: usize) {
        if let Some(knock) = self.knocks.last().copied() {
            self.request(who, Request::Tell { knock, sealed: vec![9; size] });
        }
    }

    fn commit(&mut self, who: Who, facts: TicketFacts) {
        let bytes = self.cast.ticket(&facts);
        let Some(ticket) = self.authentic(VerifiedTicket::check(&bytes)) else { return };
        if !self.model.connected.contains(&who) {
            return;
        }
        if self.delegated.contains(&(facts.group, facts.signer)) {
            let added = facts.added.iter().map(|(added, _)| (facts.group, *added));
            self.vouched.extend(added);
        }
        self.model.commit(who, &facts, self.limits.members, self.now.wall);
        let welcome = facts.welcome.then(|| vec![9; 64]);
        let ticket = Box::new(ticket);
        self.request(who, Request::Commit { commit: facts.commit, ticket, welcome });
    }

    fn void(&mut self, who: Who, signer: Who, epoch: u64, commit: Vec<u8>) {
        let group = self.group_or(GroupId([0; 16]));
        let hash = sha256(&[&commit]);
        let void = Void { group, epoch, commit: hash, device: self.cast.device(signer) };
        let Some(void) = self.signed(signer, &void) else { return };
        if self.model.connected.contains(&who)
            && self.model.void(who, epoch, &commit, signer == who, self.now.wall)
        {
            self.commits.remove(&(group, epoch));
        }
        self.request(who, Request::Void { void });
    }

    fn swap(&mut self, who: Who, facts: SwapFacts) {
        let Some(swap) = self.authentic(Verified::by_device(&self.cast.swap(&facts))) else {
            return;
        };
        if self.model.connected.contains(&who) && self.model.swap(who, &facts) {
            self.swap_since.insert(who, self.now.mono);
            self.swaps.push(facts);
        }
        self.request(who, Request::Swap { swap, key_package: vec![5; 16] });
    }

    fn leave(&mut self, who: Who, facts: Option<LeaveFacts>) {
        let bytes = facts.as_ref().map(|facts| Verified::by_device(&self.cast.leave(facts)));
        let Some(leave) = self.authentic(bytes.transpose()) else { return };
        if let Some(facts) = facts
            && self.model.connected.contains(&who)
            && self.model.leave(who, &facts)
        {
            self.leaves.insert(who, facts);
        }
        self.request(who, Request::Leave { leave });
    }

    fn end(&mut self, who: Who, signer: Who) {
        let device = self.cast.device(signer);
        let end = End { meeting: self.cast.meeting, device, at: self.now.wall };
        let Some(end) = self.signed(signer, &end) else { return };
        let ends = self.model.connected.contains(&who)
            && self.model.end(who, signer == who, self.now.wall);
        self.request(who, Request::End { end });
        if ends {
            self.connections.clear();
        }
    }

    fn prove(&self, who: Who) -> ProvenDevice {
        let (meeting, server_nonce) = (self.cast.meeting, Nonce([3; 16]));
        let hello = Hello {
            origin: ORIGIN.to_owned(),
            meeting,
            device: self.cast.device(who),
            server_nonce,
            client_nonce: Nonce([4; 16]),
        };
        let origins = [ORIGIN.to_owned()];
        let expected = HelloExpectation { origins: &origins, meeting, server_nonce };
        let proven = ProvenDevice::check(&self.cast.signer(who).sign(&hello), expected);
        proven.expect("the cast signs its own hellos")
    }

    fn note_delegation(&mut self, facts: Option<CertificateFacts>) {
        if let Some(facts) = facts.filter(|f| f.by_hk && f.this_meeting && f.role.is_delegate()) {
            self.delegated.insert((facts.group, facts.device));
        }
    }

    fn signed<S: Statement + meeting::ByDevice>(
        &mut self,
        signer: Who,
        s: &S,
    ) -> Option<Verified<S>> {
        let bytes = self.cast.signer(signer).sign(s);
        self.authentic(Verified::by_device(&bytes))
    }

    /// The server's shell drops what does not verify.
    fn authentic<T>(&mut self, checked: Result<T, StatementError>) -> Option<T> {
        self.unauthentic += checked.is_err() as u64;
        checked.ok()
    }

    fn request(&mut self, who: Who, request: Request) {
        if let Some(connection) = self.connections.get(&who).copied() {
            self.feed(Input::Request { connection, request });
        }
    }

    fn feed(&mut self, input: Input) {
        self.meeting.handle(self.now, input);
        let mut told = false;
        while let Some(output) = self.meeting.poll_output() {
            assert!(!(told && matches!(output, Output::Persist(_))), "told before it was durable");
            told |= !matches!(output, Output::Persist(_));
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Persist(batch) => batch.into_iter().for_each(|write| self.store(write)),
            Output::Send { to, message } => {
                to.into_iter().for_each(|connection| self.deliver(connection, message.clone()));
            }
            Output::Close { connection } => {
                assert!(!self.permits.contains_key(&connection), "closed with a permit");
            }
            Output::Media(media) => self.media(media),
            Output::Warn(_) => {}
        }
    }

    fn store(&mut self, write: Write) {
        let records = &mut self.saved.records;
        match write {
            Write::Put(record) => {
                records.retain(|r| r.key != record.key);
                let at = records.partition_point(|r: &Record| r.key < record.key);
                records.insert(at, record);
            }
            Write::Delete(key) => records.retain(|record| record.key != key),
            Write::DeleteKind(kind) => records.retain(|record| record.key.kind != kind),
            Write::Used(at) => self.saved.used = at,
            Write::Ended(end) => self.saved.ended = Some(end),
            Write::Forget => panic!("nothing is idle for so long here"),
        }
    }

    fn media(&mut self, media: Media) {
        match media {
            Media::Permit { connection, participant, rights } => {
                let who = self.owners[&connection];
                let vouched = self.vouched.contains(&(self.group_or(GroupId([0; 16])), who));
                assert!(vouched, "{who} receives media though nobody of the host's side let it in");
                let earlier = self.permits.insert(connection, (who, rights));
                assert_ne!(earlier, Some((who, rights)), "permitted the same twice");
                assert_ne!(participant, ParticipantId(0));
            }
            Media::Revoke { connection, .. } => {
                assert!(self.permits.remove(&connection).is_some(), "revoked without a permit");
            }
        }
    }

    fn deliver(&mut self, connection: ConnectionId, message: ToClient) {
        let who = self.owners[&connection];
        self.check_addressee(who, connection, &message);
        match &message {
            ToClient::Doorbell { nonce: Some(nonce), .. } => {
                assert!(self.nonces.insert(*nonce), "a nonce is handed out twice");
            }
            ToClient::Knocked { knock, .. } => self.knocks.push(*knock),
            ToClient::Committed { group, epoch, commit, .. } => {
                let known = self.commits.entry((*group, *epoch)).or_insert(commit.to_vec());
                assert_eq!(known[..], commit[..], "two commits in one epoch");
            }
            _ => {}
        }
        self.sent.push((who, message));
    }

    /// What is for members only reaches members only, and knocks only the host's side.
    fn check_addressee(&self, who: Who, connection: ConnectionId, message: &ToClient) {
        use ToClient::*;
        match message {
            Ready { .. } | HostPresence { .. } | Doorbell { .. } | KnockDelivered => {}
            Refused { .. } | OutOfGroup { .. } | Ended { .. } | Error(_) | Conflict { .. } => {}
            PasscodeReplied { .. } | Told { .. } => {
                assert!(!self.model.is_active(who), "{who} is told {message:?}");
            }
            DoorbellWanted | Knocked { .. } | KnockGone { .. } | PasscodeTried { .. } => {
                assert!(self.model.is_active(who), "{who} is told {message:?}");
            }
            GroupMessage { group, epoch, .. } => {
                let entered = self.model.group.as_ref().map(|group| group.entered[&who]);
                assert!(entered.is_some_and(|entered| entered <= *epoch));
                assert!(self.vouched.contains(&(*group, who)));
                assert!(
                    self.permits.get(&connection).is_some_and(|(permitted, _)| *permitted == who)
                );
            }
            Voided { void } => {
                let void = Unverified::<Void>::read(void).expect("it was signed");
                assert!(self.vouched.contains(&(void.claim().group, who)));
            }
            _ => assert!(self.model.is_active(who), "{who} is told {message:?}"),
        }
    }

    fn check_agreement(&self) {
        assert_eq!(self.meeting.is_over(), self.model.ended);
        let group = self.model.group.as_ref();
        assert_eq!(self.meeting.group(), group.map(|group| (group.id, group.epoch)));
        let roster: BTreeMap<DeviceKey, Role> = self.meeting.roster().collect();
        let members = group.iter().flat_map(|group| &group.members);
        let expected = members.map(|(who, role)| (self.cast.device(*who), *role));
        assert_eq!(roster, expected.collect());
        let permitted: BTreeMap<Who, Rights> = self.permits.values().copied().collect();
        let expected = self.model.permitted().into_iter().map(|who| (who, self.rights(who)));
        assert_eq!(permitted, expected.collect());
        assert_eq!(self.meeting.connections(), self.model.connected.len());
    }

    fn rights(&self, who: Who) -> Rights {
        self.model.rights(who, self.cast.device(who))
    }

    fn outside(&self) -> BTreeSet<Who> {
        let connected = self.model.connected.iter().copied();
        connected.filter(|who| !self.model.is_active(*who)).collect()
    }

    /// Nothing that someone outside does reaches another one outside.
    fn check_apart(&self, actor: Who, outside_before: &BTreeSet<Who>) {
        let outside = self.outside();
        if !outside.contains(&actor) || !outside_before.contains(&actor) {
            return;
        }
        for (who, message) in &self.sent {
            let apart = *who == actor || !outside.contains(who);
            assert!(apart, "{who} learns of {actor}: {message:?}");
        }
    }
}
