//! The reference: sets, facts and plain rules; no bytes, no connections' order, no messages.

use crate::cast::{CertificateFacts, LeaveFacts, SwapFacts, TicketFacts, Who};
use base::{DeviceKey, GroupId, Rights, Role, RoomRules, UnixMillis};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Default)]
pub struct Model {
    pub ended: bool,
    pub connected: BTreeSet<Who>,
    pub group: Option<Group>,
    certificates: BTreeMap<(Who, GroupId), CertificateFacts>,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub id: GroupId,
    pub epoch: u64,
    pub rules: RoomRules,
    pub members: BTreeMap<Who, Role>,
    /// Leaving members, with the epoch their statement names.
    pub leaving: BTreeMap<Who, u64>,
    /// Members that ask for their place back, with the KeyPackage they offer.
    pub swaps: BTreeMap<Who, ([u8; 32], u64)>,
    /// Members in the current epoch without having been in the one before.
    pub entered: BTreeMap<Who, u64>,
    /// The latest commit, and the group before it.
    pub before: Option<(Vec<u8>, Box<Group>)>,
}

impl Group {
    pub fn is_active(&self, who: Who) -> bool {
        self.members.contains_key(&who) && !self.leaving.contains_key(&who)
    }

    pub fn actives(&self) -> impl Iterator<Item = Who> {
        self.members.keys().copied().filter(|who| self.is_active(*who))
    }
}

impl Model {
    /// Who takes part in media and group messages: the connected members.
    pub fn permitted(&self) -> BTreeSet<Who> {
        let members = self.group.iter().flat_map(Group::actives);
        members.filter(|who| self.connected.contains(who)).collect()
    }

    /// What a member may send: told anew, not by the code that is tested.
    pub fn rights(&self, who: Who, device: DeviceKey) -> Rights {
        let Some(group) = &self.group else { return Rights::NONE };
        let rules = &group.rules;
        let exception = rules.exceptions.iter().find(|(known, _)| *known == device);
        let exception = exception.map(|(_, rights)| *rights);
        match group.members.get(&who) {
            None => Rights::NONE,
            Some(Role::Host | Role::Cohost) => Rights::ALL,
            Some(_) if rules.frozen => Rights::NONE,
            Some(Role::Viewer) => exception.unwrap_or(Rights::NONE),
            Some(_) if rules.viewers => exception.unwrap_or(Rights::NONE),
            Some(_) => exception.unwrap_or(rules.participants),
        }
    }

    pub fn is_active(&self, who: Who) -> bool {
        self.group.as_ref().is_some_and(|group| group.is_active(who))
    }

    /// The role that HK gave `who` in the current group.
    pub fn certified(&self, who: Who, now: UnixMillis) -> Option<Role> {
        let certificate = self.certificates.get(&(who, self.group.as_ref()?.id))?;
        (certificate.expiry > now).then_some(certificate.role)
    }

    pub fn is_delegate(&self, who: Who, now: UnixMillis) -> bool {
        self.certified(who, now).is_some_and(Role::is_delegate)
    }

    pub fn connect(&mut self, who: Who, certificate: Option<CertificateFacts>, now: UnixMillis) {
        if self.ended {
            return;
        }
        self.disconnect(who);
        if let Some(facts) = certificate
            && self.accepts(who, facts, now)
        {
            self.certificates.insert((who, facts.group), facts);
            self.adopt_roles();
        }
        self.connected.insert(who);
    }

    /// Any member hands in what HK signed; of two for one device, the newer counts.
    pub fn certify(&mut self, who: Who, all: &[CertificateFacts], now: UnixMillis) {
        let Some(group) = self.group.as_ref().filter(|group| group.is_active(who)) else { return };
        let id = group.id;
        let known = |c: &CertificateFacts| self.certificates.get(&(c.device, c.group));
        let is_new = |c: &&CertificateFacts| known(c).is_none_or(|known| known.serial < c.serial);
        let fresh: Vec<_> = all.iter().filter(is_new).copied().collect();
        if fresh.iter().all(|c| c.group == id && self.accepts(c.device, *c, now)) {
            for facts in fresh {
                let known = self.certificates.entry((facts.device, id)).or_insert(facts);
                *known = facts;
            }
        }
        self.adopt_roles();
    }

    /// Members are what HK made them, whatever they were let in as.
    fn adopt_roles(&mut self) {
        let Some(group) = &mut self.group else { return };
        for (who, role) in &mut group.members {
            if let Some(certificate) = self.certificates.get(&(*who, group.id)) {
                *role = certificate.role;
            }
        }
    }

    pub fn disconnect(&mut self, who: Who) {
        self.connected.remove(&who);
        if let Some(group) = &mut self.group {
            group.swaps.remove(&who);
        }
    }

    pub fn restart(&mut self) {
        for who in self.connected.clone() {
            self.disconnect(who);
        }
    }

    /// True if the session opens. `unanswered`: this host's swap, or its knock, has waited for long.
    pub fn open(
        &mut self,
        who: Who,
        group: GroupId,
        facts: CertificateFacts,
        replace: Option<GroupId>,
        unanswered: bool,
        now: UnixMillis,
    ) -> bool {
        let rightful = self.accepts(who, facts, now) && facts.role == Role::Host;
        if !rightful
            || facts.group != group
            || !self.may_replace(who, group, replace, unanswered, now)
        {
            return false;
        }
        self.certificates.insert((who, group), facts);
        self.group = Some(Group {
            id: group,
            epoch: 0,
            rules: RoomRules::default(),
            members: [(who, Role::Host)].into(),
            leaving: BTreeMap::new(),
            swaps: BTreeMap::new(),
            entered: [(who, 0)].into(),
            before: None,
        });
        true
    }

    /// True if the commit is accepted.
    pub fn commit(&mut self, who: Who, facts: &TicketFacts, room: usize, now: UnixMillis) -> bool {
        let certified = self.certified(who, now);
        let Some(group) = self.group.as_mut().filter(|group| group.is_active(who)) else {
            return false;
        };
        let certificates = &self.certificates;
        let of_host = |who: Who| {
            let known = certificates.get(&(who, group.id));
            known.is_some_and(|c| c.role.is_delegate() && c.expiry > now)
        };
        let others = facts.added.iter().any(|(who, _)| !of_host(*who));
        if !group.allows(who, facts, certified, room, others) {
            return false;
        }
        let before = group.clone();
        group.epoch += 1;
        if let Some(rules) = &facts.rules {
            group.rules = rules.clone();
        }
        for gone in facts.removed.iter().copied().chain(facts.left.iter().map(|l| l.device)) {
            group.members.remove(&gone);
            group.leaving.remove(&gone);
            group.swaps.remove(&gone);
        }
        for (added, role) in &facts.added {
            group.members.insert(*added, *role);
            group.entered.insert(*added, group.epoch);
        }
        for swap in &facts.swapped {
            group.swaps.remove(&swap.device);
            group.entered.insert(swap.device, group.epoch);
        }
        group.before = Some((facts.commit.clone(), Box::new(Group { before: None, ..before })));
        self.adopt_roles();
        true
    }

    /// True if the latest commit is withdrawn.
    pub fn void(
        &mut self,
        who: Who,
        epoch: u64,
        commit: &[u8],
        genuine: bool,
        now: UnixMillis,
    ) -> bool {
        let delegate = self.is_active(who) && self.is_delegate(who, now);
        let connected = self.connected.clone();
        let Some(group) = &mut self.group else { return false };
        let matches = |(latest, _): &mut (Vec<u8>, Box<Group>)| latest == commit;
        if !delegate || !genuine || epoch + 1 != group.epoch {
            return false;
        }
        let Some((_, before)) = group.before.take_if(matches) else { return false };
        let after = std::mem::replace(group, *before);
        // Wishes are not part of the group's state: those since the commit stand, swaps that it
        // served have been served.
        let was_in = |who: &Who| group.members.contains_key(who);
        group.leaving.extend(after.leaving.into_iter().filter(|(who, _)| was_in(who)));
        let swaps =
            after.swaps.into_iter().filter(|(who, _)| was_in(who) && connected.contains(who));
        group.swaps = swaps.collect();
        self.adopt_roles();
        let Some(group) = &self.group else { return true };
        if group.actives().next().is_none() {
            self.group = None;
        }
        true
    }

    pub fn swap(&mut self, who: Who, facts: &SwapFacts) -> bool {
        let Some(group) = self.group.as_mut().filter(|group| group.is_active(who)) else {
            return false;
        };
        let rightful = facts.signer == facts.device
            && facts.device == who
            && facts.group == group.id
            && facts.epoch <= group.epoch;
        if rightful {
            group.swaps.insert(who, (facts.key_package, facts.epoch));
        }
        rightful
    }

    pub fn leave(&mut self, who: Who, facts: &LeaveFacts) -> bool {
        let Some(group) = self.group.as_mut().filter(|group| group.is_active(who)) else {
            return false;
        };
        let rightful = facts.signer == facts.device
            && facts.device == who
            && facts.group == group.id
            && facts.epoch <= group.epoch;
        if rightful {
            group.leaving.insert(who, facts.epoch);
            group.swaps.remove(&who);
        }
        if group.actives().next().is_none() {
            self.group = None;
        }
        rightful
    }

    pub fn end(&mut self, who: Who, genuine: bool, now: UnixMillis) -> bool {
        let hosts = self.certificates.values().filter(|facts| facts.role == Role::Host);
        let newest = hosts.max_by_key(|facts| facts.serial);
        let host = newest.is_some_and(|newest| newest.device == who && newest.expiry > now);
        if host && genuine {
            *self = Model { ended: true, ..Model::default() };
        }
        self.ended
    }

    fn accepts(&self, who: Who, facts: CertificateFacts, now: UnixMillis) -> bool {
        let newest = self.certificates.get(&(who, facts.group)).map(|known| known.serial);
        facts.by_hk
            && facts.this_meeting
            && facts.device == who
            && facts.expiry > now
            && newest.is_none_or(|newest| newest <= facts.serial)
    }

    fn may_replace(
        &self,
        who: Who,
        group: GroupId,
        replace: Option<GroupId>,
        unanswered: bool,
        now: UnixMillis,
    ) -> bool {
        let Some(current) = &self.group else { return true };
        let helpers = self.permitted().into_iter();
        let mut helpers = helpers.filter(|w| *w != who && !current.swaps.contains_key(w));
        let alone = helpers.next().is_none();
        let nobody_adds = !current.actives().any(|w| self.is_delegate(w, now));
        replace == Some(current.id) && group != current.id && (alone || nobody_adds || unanswered)
    }
}

impl Group {
    /// `others`: someone is added whom HK did not make host or delegate.
    fn allows(
        &self,
        who: Who,
        facts: &TicketFacts,
        certified: Option<Role>,
        room: usize,
        others: bool,
    ) -> bool {
        let delegate = certified.is_some_and(Role::is_delegate);
        let authentic = facts.signer == facts.committer
            && facts.swapped.iter().all(|swap| swap.signer == swap.device)
            && facts.left.iter().all(|leave| leave.signer == leave.device);
        let added: Vec<Who> = facts.added.iter().map(|(who, _)| *who).collect();
        let swapped: Vec<Who> = facts.swapped.iter().map(|swap| swap.device).collect();
        let left: Vec<Who> = facts.left.iter().map(|leave| leave.device).collect();
        let named: Vec<Who> = [&[who], &added[..], &facts.removed, &swapped, &left].concat();
        let distinct: BTreeSet<Who> = named.iter().copied().collect();
        let enters = !added.is_empty() || !swapped.is_empty();
        authentic
            && facts.committer == who
            && facts.group == self.id
            && facts.epoch == self.epoch
            && facts.hash_matches
            && facts.welcome == enters
            && distinct.len() == named.len()
            && (added.is_empty() || delegate && (!others || self.admits(facts)))
            && added.iter().all(|who| !self.members.contains_key(who))
            && facts.added.iter().all(|(_, role)| Some(*role) < certified)
            && (added.is_empty() || self.members.len() + added.len() <= room)
            && (facts.removed.is_empty() || delegate)
            && facts
                .removed
                .iter()
                .all(|who| self.members.get(who).is_some_and(|role| *role != Role::Host))
            && facts.swapped.iter().all(|swap| {
                swap.group == self.id
                    && self.is_active(swap.device)
                    && self.swaps.get(&swap.device) == Some(&(swap.key_package, swap.epoch))
            })
            && facts.left.iter().all(|leave| {
                leave.group == self.id && self.leaving.get(&leave.device) == Some(&leave.epoch)
            })
            && (facts.rules.is_none() || delegate)
            && self.keeps_parties_apart(facts)
            && (facts.removed.is_empty() || !self.leaves_the_door_open(facts))
    }

    /// In consulting mode the party is another only once all keys of the one before are dead.
    fn keeps_parties_apart(&self, facts: &TicketFacts) -> bool {
        let next = facts.rules.as_ref().and_then(|rules| rules.consulting);
        let other = self.rules.consulting.is_some()
            && next.is_some_and(|n| Some(n) != self.rules.consulting);
        !other || self.members.values().all(|role| matches!(role, Role::Host | Role::Cohost))
    }

    fn leaves_the_door_open(&self, facts: &TicketFacts) -> bool {
        let auto = facts.rules.as_ref().unwrap_or(&self.rules).auto_admit;
        auto.is_some_and(|auto| auto.shared_links)
    }

    fn admits(&self, facts: &TicketFacts) -> bool {
        let closed = |rules: &RoomRules| rules.locked || rules.frozen;
        !closed(&self.rules) && !facts.rules.as_ref().is_some_and(closed)
    }
}
