//! What OpenMLS is allowed to keep: the private keys it asks back, and nothing else.
//!
//! OpenMLS writes the whole state of a group to its storage at every change, so that an application
//! may load the group later. A restored group would repeat ratchet generations, so ours never
//! leaves memory and is never loaded: those writes are forgotten here. What OpenMLS reads back
//! while a group lives are HPKE key pairs, KeyPackages and pre-shared keys.

use openmls_traits::storage::{CURRENT_VERSION, StorageProvider, traits};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

const V: u16 = CURRENT_VERSION;

/// A value that OpenMLS wrote does not read back as what it asks for.
pub(crate) type StorageError = postcard::Error;

/// What a stored value is, the first part of its key.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
enum Kind {
    KeyPair,
    EpochKeyPairs,
    KeyPackage,
    Psk,
}

/// Private keys by kind and name, wiped when dropped or deleted.
#[derive(Default)]
pub(crate) struct KeyStorage {
    values: Mutex<BTreeMap<Vec<u8>, Zeroizing<Vec<u8>>>>,
}

impl std::fmt::Debug for KeyStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyStorage")
    }
}

impl KeyStorage {
    /// How many values are kept, and their bytes.
    #[cfg(test)]
    pub(crate) fn size(&self) -> (usize, usize) {
        let values = self.values();
        (values.len(), values.values().map(|value| value.len()).sum())
    }

    fn values(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Zeroizing<Vec<u8>>>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, kind: Kind, key: impl Serialize, value: impl Serialize) -> Done {
        // In full length from the start: a vector that grows leaves copies behind that nobody wipes.
        let room = Vec::with_capacity(postcard::experimental::serialized_size(&value)?);
        let value = Zeroizing::new(postcard::to_extend(&value, room)?);
        self.values().insert(name(kind, key)?, value);
        Ok(())
    }

    fn get<T: DeserializeOwned>(&self, kind: Kind, key: impl Serialize) -> Found<T> {
        match self.values().get(&name(kind, key)?) {
            Some(value) => postcard::from_bytes(value).map(Some),
            None => Ok(None),
        }
    }

    fn delete(&self, kind: Kind, key: impl Serialize) -> Done {
        self.values().remove(&name(kind, key)?);
        Ok(())
    }
}

fn name(kind: Kind, key: impl Serialize) -> Result<Vec<u8>, StorageError> {
    postcard::to_allocvec(&(kind, key))
}

type Done = Result<(), StorageError>;
type Found<T> = Result<Option<T>, StorageError>;

/// Methods whose values are never asked back.
macro_rules! forgotten {
    ($($method:ident<$($generic:ident),+>($($argument:ty),*);)+) => {
        $(fn $method<$($generic: traits::$generic<V>),+>(&self, $(_: $argument),*) -> Done {
            Ok(())
        })+
    };
}

/// Getters of what was forgotten.
macro_rules! absent {
    ($($method:ident<$($generic:ident),+>($key:ty) -> $value:ty;)+) => {
        $(fn $method<$($generic: traits::$generic<V>),+>(&self, _: $key) -> Result<$value, StorageError> {
            Ok(<$value>::default())
        })+
    };
}

impl StorageProvider<V> for KeyStorage {
    type Error = StorageError;

    fn write_encryption_key_pair<K: traits::EncryptionKey<V>, P: traits::HpkeKeyPair<V>>(
        &self,
        public_key: &K,
        key_pair: &P,
    ) -> Done {
        self.put(Kind::KeyPair, public_key, key_pair)
    }

    fn encryption_key_pair<P: traits::HpkeKeyPair<V>, K: traits::EncryptionKey<V>>(
        &self,
        public_key: &K,
    ) -> Found<P> {
        self.get(Kind::KeyPair, public_key)
    }

    fn delete_encryption_key_pair<K: traits::EncryptionKey<V>>(&self, public_key: &K) -> Done {
        self.delete(Kind::KeyPair, public_key)
    }

    fn write_encryption_epoch_key_pairs<
        G: traits::GroupId<V>,
        E: traits::EpochKey<V>,
        P: traits::HpkeKeyPair<V>,
    >(
        &self,
        group_id: &G,
        epoch: &E,
        leaf_index: u32,
        key_pairs: &[P],
    ) -> Done {
        self.put(Kind::EpochKeyPairs, (group_id, epoch, leaf_index), key_pairs)
    }

    fn encryption_epoch_key_pairs<
        G: traits::GroupId<V>,
        E: traits::EpochKey<V>,
        P: traits::HpkeKeyPair<V>,
    >(
        &self,
        group_id: &G,
        epoch: &E,
        leaf_index: u32,
    ) -> Result<Vec<P>, StorageError> {
        let found = self.get(Kind::EpochKeyPairs, (group_id, epoch, leaf_index))?;
        Ok(found.unwrap_or_default())
    }

    fn delete_encryption_epoch_key_pairs<G: traits::GroupId<V>, E: traits::EpochKey<V>>(
        &self,
        group_id: &G,
        epoch: &E,
        leaf_index: u32,
    ) -> Done {
        self.delete(Kind::EpochKeyPairs, (group_id, epoch, leaf_index))
    }

    fn write_key_package<H: traits::HashReference<V>, P: traits::KeyPackage<V>>(
        &self,
        hash_ref: &H,
        key_package: &P,
    ) -> Done {
        self.put(Kind::KeyPackage, hash_ref, key_package)
    }

    fn key_package<H: traits::HashReference<V>, P: traits::KeyPackage<V>>(
        &self,
        hash_ref: &H,
    ) -> Found<P> {
        self.get(Kind::KeyPackage, hash_ref)
    }

    fn delete_key_package<H: traits::HashReference<V>>(&self, hash_ref: &H) -> Done {
        self.delete(Kind::KeyPackage, hash_ref)
    }

    fn write_psk<I: traits::PskId<V>, B: traits::PskBundle<V>>(&self, id: &I, psk: &B) -> Done {
        self.put(Kind::Psk, id, psk)
    }

    fn psk<B: traits::PskBundle<V>, I: traits::PskId<V>>(&self, id: &I) -> Found<B> {
        self.get(Kind::Psk, id)
    }

    fn delete_psk<I: traits::PskId<V>>(&self, id: &I) -> Done {
        self.delete(Kind::Psk, id)
    }

    forgotten! {
        write_mls_join_config<GroupId, MlsGroupJoinConfig>(&GroupId, &MlsGroupJoinConfig);
        append_own_leaf_node<GroupId, LeafNode>(&GroupId, &LeafNode);
        queue_proposal<GroupId, ProposalRef, QueuedProposal>(&GroupId, &ProposalRef, &QueuedProposal);
        write_tree<GroupId, TreeSync>(&GroupId, &TreeSync);
        write_interim_transcript_hash<GroupId, InterimTranscriptHash>(&GroupId, &InterimTranscriptHash);
        write_context<GroupId, GroupContext>(&GroupId, &GroupContext);
        write_confirmation_tag<GroupId, ConfirmationTag>(&GroupId, &ConfirmationTag);
        write_group_state<GroupState, GroupId>(&GroupId, &GroupState);
        write_message_secrets<GroupId, MessageSecrets>(&GroupId, &MessageSecrets);
        write_resumption_psk_store<GroupId, ResumptionPskStore>(&GroupId, &ResumptionPskStore);
        write_own_leaf_index<GroupId, LeafNodeIndex>(&GroupId, &LeafNodeIndex);
        write_group_epoch_secrets<GroupId, GroupEpochSecrets>(&GroupId, &GroupEpochSecrets);
        write_signature_key_pair<SignaturePublicKey, SignatureKeyPair>(&SignaturePublicKey, &SignatureKeyPair);
        remove_proposal<GroupId, ProposalRef>(&GroupId, &ProposalRef);
        clear_proposal_queue<GroupId, ProposalRef>(&GroupId);
        delete_own_leaf_nodes<GroupId>(&GroupId);
        delete_group_config<GroupId>(&GroupId);
        delete_tree<GroupId>(&GroupId);
        delete_confirmation_tag<GroupId>(&GroupId);
        delete_group_state<GroupId>(&GroupId);
        delete_context<GroupId>(&GroupId);
        delete_interim_transcript_hash<GroupId>(&GroupId);
        delete_message_secrets<GroupId>(&GroupId);
        delete_all_resumption_psk_secrets<GroupId>(&GroupId);
        delete_own_leaf_index<GroupId>(&GroupId);
        delete_group_epoch_secrets<GroupId>(&GroupId);
        delete_signature_key_pair<SignaturePublicKey>(&SignaturePublicKey);
    }

    absent! {
        mls_group_join_config<GroupId, MlsGroupJoinConfig>(&GroupId) -> Option<MlsGroupJoinConfig>;
        own_leaf_nodes<GroupId, LeafNode>(&GroupId) -> Vec<LeafNode>;
        queued_proposal_refs<GroupId, ProposalRef>(&GroupId) -> Vec<ProposalRef>;
        queued_proposals<GroupId, ProposalRef, QueuedProposal>(&GroupId) -> Vec<(ProposalRef, QueuedProposal)>;
        tree<GroupId, TreeSync>(&GroupId) -> Option<TreeSync>;
        group_context<GroupId, GroupContext>(&GroupId) -> Option<GroupContext>;
        interim_transcript_hash<GroupId, InterimTranscriptHash>(&GroupId) -> Option<InterimTranscriptHash>;
        confirmation_tag<GroupId, ConfirmationTag>(&GroupId) -> Option<ConfirmationTag>;
        group_state<GroupState, GroupId>(&GroupId) -> Option<GroupState>;
        message_secrets<GroupId, MessageSecrets>(&GroupId) -> Option<MessageSecrets>;
        resumption_psk_store<GroupId, ResumptionPskStore>(&GroupId) -> Option<ResumptionPskStore>;
        own_leaf_index<GroupId, LeafNodeIndex>(&GroupId) -> Option<LeafNodeIndex>;
        group_epoch_secrets<GroupId, GroupEpochSecrets>(&GroupId) -> Option<GroupEpochSecrets>;
        signature_key_pair<SignaturePublicKey, SignatureKeyPair>(&SignaturePublicKey) -> Option<SignatureKeyPair>;
    }
}
