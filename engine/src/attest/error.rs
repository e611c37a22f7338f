//! What can go wrong with keys and trust files, and why bytes are no statement of ours.
//! Never holds the content of a key or of a document that did not parse.

use std::path::PathBuf;

use miette::Diagnostic;

/// A key or a trust file that cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// Not one of the two accepted spellings of an Ed25519 key.
    #[error("the key cannot be read: {what}")]
    #[diagnostic(
        code(key::format),
        help(
            "a private key is one PEM block `PRIVATE KEY` (PKCS#8), a public key one PEM block `PUBLIC KEY`; `tidegate keys new` makes both"
        )
    )]
    KeyFormat {
        /// What is wrong, without content.
        what: &'static str,
    },
    /// The public half inside the file belongs to another private half.
    #[error("the private key file holds a public half that does not belong to it")]
    #[diagnostic(
        code(key::inconsistent),
        help("make a new key with `tidegate keys new`")
    )]
    KeyInconsistent,
    /// A key that anyone can sign for.
    #[error("the key is weak: {what}")]
    #[diagnostic(code(key::weak), help("make a new key with `tidegate keys new`"))]
    KeyWeak {
        /// What is wrong, without content.
        what: &'static str,
    },
    /// Someone is about to publish a private key.
    #[error("a private key stands where a public key is expected")]
    #[diagnostic(
        code(key::private_where_public),
        help("replace it with the public key, and treat the private key as leaked")
    )]
    PrivateWherePublic,
    /// Others can read the key file.
    #[error("`{}` has mode {mode:o}, others can read it", path.display())]
    #[diagnostic(
        code(key::permissions),
        help("run `chmod 600` on it, and think about who could have read it")
    )]
    KeyPermissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Whoever owns the file can swap the key.
    #[error("`{}` belongs to user {owner}, and this process runs as user {own}", path.display())]
    #[diagnostic(
        code(key::owner),
        help("sign as the user who owns the key, or copy it: `install -m 600 KEY COPY`")
    )]
    KeyOwner {
        /// The file.
        path: PathBuf,
        /// Its owner's id.
        owner: u32,
        /// The id of the user who would sign.
        own: u32,
    },
    /// A link, folder, pipe or device.
    #[error("`{}` is no regular file", path.display())]
    #[diagnostic(code(key::not_a_file), help("name the key file itself"))]
    KeyNotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The key file is too long to be one.
    #[error("`{}` is too long for a key", path.display())]
    #[diagnostic(code(limit::key_file), help("name the key file itself"))]
    KeyTooLong {
        /// The path.
        path: PathBuf,
    },
    /// The key file would land in a repository.
    #[error("`{}` lies in the Git work tree `{}`", path.display(), work_tree.display())]
    #[diagnostic(
        code(key::in_work_tree),
        help("choose a path outside of every repository")
    )]
    KeyInWorkTree {
        /// The path.
        path: PathBuf,
        /// The folder that holds `.git`.
        work_tree: PathBuf,
    },
    /// A new key would take the place of something.
    #[error("`{}` exists already", path.display())]
    #[diagnostic(
        code(key::exists),
        help("a key is never overwritten: choose another path, or remove what is there yourself")
    )]
    KeyExists {
        /// The path.
        path: PathBuf,
    },
    /// The key file cannot be read or written.
    #[error("cannot {action} `{}`", path.display())]
    #[diagnostic(code(key::io), help("check the path"))]
    KeyIo {
        /// `read` or `write`.
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Whoever holds keys holds none that may sign this.
    #[error("{holder} is none that may sign this, or its principal has signed it already")]
    #[diagnostic(
        code(key::not_at_hand),
        help(
            "each key that signs is another principal's, and the accepted trust file lets it sign this; `tidegate keys show` lists them"
        )
    )]
    NoKeyAtHand {
        /// Who.
        holder: String,
    },
    /// Whoever holds keys holds none of a root.
    #[error(
        "{holder} is none with the role root in this trust file or in the one before, or its principal has signed it already"
    )]
    #[diagnostic(
        code(key::not_at_hand),
        help(
            "a trust file is signed by the keys that have the role root in it, and in the file of `--before`; `tidegate keys show FILE` lists them, and `tidegate keys new --role root --trust FILE` adds one"
        )
    )]
    NoRootKeyAtHand {
        /// Who.
        holder: String,
    },
    /// Whoever holds the key does not sign.
    #[error("{signer} did not sign: {what}")]
    #[diagnostic(
        code(key::signer),
        help(
            "*Where the signing key is* in docs/keys.md says what a signer is asked and how it answers"
        )
    )]
    Signer {
        /// Who.
        signer: String,
        /// Why, without what was sent or came back.
        what: String,
    },
    /// What came back is no signature of a key that may sign.
    #[error("what the signer answered is no signature of a key that may sign this")]
    #[diagnostic(
        code(key::signature),
        help(
            "nothing was published; the signer holds another key, or signs something else than it is given"
        )
    )]
    SignatureDoesNotHold,
    /// The operating system gives no randomness.
    #[error("the operating system gave no random bytes")]
    #[diagnostic(
        code(key::randomness),
        help("try again when the machine has started up")
    )]
    Randomness,
    /// The trust file is not what it should be.
    #[error("the trust file is not valid: {what}")]
    #[diagnostic(
        code(trust_root::invalid),
        help("`tidegate keys new` prints a valid `.tidegate/trust.json`")
    )]
    TrustInvalid {
        /// What is wrong, naming the entry.
        what: String,
    },
    /// A trust file without keys never means that no signature is needed.
    #[error("the trust file trusts no key")]
    #[diagnostic(
        code(trust_root::empty),
        help("add the public key of the signer; `tidegate keys new` prints the file")
    )]
    TrustEmpty,
    /// A trust file of a later version.
    #[error("the trust file has version {found}, this tidegate reads version 1")]
    #[diagnostic(code(trust_root::version), help("use a newer tidegate"))]
    TrustVersion {
        /// The version it states.
        found: u64,
    },
    /// A trust file whose root has not signed it as it stands.
    #[error("the trust file has keys with the role root, and {what}")]
    #[diagnostic(
        code(trust_root::unsigned),
        help(
            "as many of them as `thresholds` wants run `tidegate keys sign FILE` on it, each with a key of his own, and with `--before ACCEPTED` where a file with a root was accepted before; then commit it, and merge it to the protected branch"
        )
    )]
    RootUnsigned {
        /// What is missing.
        what: String,
    },
    /// A trust file that was good until an instant.
    #[error("trust file {number} expired at {expires}")]
    #[diagnostic(
        code(trust_root::expired),
        help(
            "its root signs the next one: `tidegate keys sign FILE --before ACCEPTED --expires TIME`"
        )
    )]
    RootExpired {
        /// Its number.
        number: u64,
        /// The end.
        expires: String,
    },
    /// A trust file that may not take the place of another.
    #[error("the trust file may not follow the one that is accepted: {what}")]
    #[diagnostic(
        code(trust_root::not_followed),
        help(
            "`tidegate keys sign --before ACCEPTED`, with the last file that a root signed, gives it the next number; where that one has a root, its people sign too, each with a key of his own"
        )
    )]
    RootNotFollowed {
        /// Why.
        what: String,
    },
    /// A root signs no file for ever.
    #[error("the trust file needs an end that lies ahead")]
    #[diagnostic(
        code(trust_root::expires),
        help(
            "name the first instant at which it counts no more: `--expires 2027-05-01T00:00:00Z`"
        )
    )]
    RootExpires,
    /// A key of a trust file cannot be used.
    #[error("key {index} of the trust file (`{principal}`)")]
    #[diagnostic(
        code(trust_root::key),
        help("replace it with a public key that `tidegate keys show` prints")
    )]
    TrustKey {
        /// Position from 1.
        index: usize,
        /// Whose key.
        principal: String,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// The file of those whose signatures under commits count says something that is not taken.
    #[error("`.tidegate/allowed_signers`, line {line}: {what}")]
    #[diagnostic(
        code(trust_root::signers),
        help(
            "each line is `NAME ssh-ed25519 KEY`, with `namespaces=\"git\"` before the key if need be"
        )
    )]
    Signers {
        /// From 1.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A name that cannot name an environment or a unit.
    #[error("`{name}` cannot name an environment or a unit")]
    #[diagnostic(
        code(usage::unit_name),
        help("use letters, digits, `-`, `.` and `_`, beginning with a letter or digit")
    )]
    UnitName {
        /// The name.
        name: String,
    },
}

/// Why bytes are no statement of ours, or none that a trusted key signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum Rejection {
    /// Longer than any verdict.
    #[error("the envelope is {found} bytes long, the limit is {limit}")]
    #[diagnostic(code(limit::envelope), help("name the envelope itself"))]
    TooLong {
        /// Its length.
        found: usize,
        /// The cap.
        limit: usize,
    },
    /// Not an envelope, or its payload no statement.
    #[error("malformed: {what}")]
    #[diagnostic(
        code(refused::malformed),
        help("fetch the verdict again; if it stays so, sign again")
    )]
    Malformed {
        /// What is wrong, without content.
        what: String,
    },
    /// No trusted key signed these bytes.
    #[error("no trusted key made any of the {signatures} signatures")]
    #[diagnostic(
        code(refused::signature),
        help("the bytes were changed, or the signer's public key is not in the trust file")
    )]
    Signature {
        /// How many there are.
        signatures: usize,
    },
    /// A known key that may not sign this.
    #[error("`{principal}` may not sign as {role} for `{environment}`")]
    #[diagnostic(
        code(refused::signer_not_trusted_for),
        help("sign with a key that the trust file allows for this environment")
    )]
    SignerNotTrustedFor {
        /// Whose key it is.
        principal: String,
        /// The role that was asked for.
        role: &'static str,
        /// The environment that was asked for.
        environment: String,
    },
    /// A key that counts no more.
    #[error("the key of `{principal}` is revoked, lost since {from}: {reason}")]
    #[diagnostic(
        code(refused::key_revoked),
        help(
            "sign again with another key; what is known to be good is listed in `keep` of the revocation"
        )
    )]
    KeyRevoked {
        /// Whose key it is, or its fingerprint.
        principal: String,
        /// Since when it was lost.
        from: String,
        /// Why.
        reason: String,
    },
    /// Signed when the key's time was over.
    #[error("the key of `{principal}` is valid before {until}, and this was signed at {at}")]
    #[diagnostic(
        code(refused::key_expired),
        help("sign with a key that is valid, or let the trust file say that this one still is")
    )]
    KeyExpired {
        /// Whose key it is.
        principal: String,
        /// The first instant after its time.
        until: String,
        /// When it was signed.
        at: String,
    },
    /// Signed before the key's time had come.
    #[error("the key of `{principal}` is valid from {from} on, and this was signed at {at}")]
    #[diagnostic(
        code(refused::key_not_yet_valid),
        help("sign with a key that is valid, or let the trust file say that this one is")
    )]
    KeyNotYetValid {
        /// Whose key it is.
        principal: String,
        /// The first instant of its time.
        from: String,
        /// When it was signed.
        at: String,
    },
    /// Too few signed.
    #[error("{found} of {wanted} principals signed as {role}{besides}")]
    #[diagnostic(
        code(refused::threshold),
        help(
            "let more of those sign whom the trust file names; two keys of one principal count once"
        )
    )]
    Threshold {
        /// How many did.
        found: usize,
        /// How many it takes.
        wanted: usize,
        /// As what.
        role: &'static str,
        /// Why another signature does not count.
        besides: String,
    },
    /// Made by a later tidegate.
    #[error("`{found}` needs a newer tidegate")]
    #[diagnostic(code(refused::version), help("use a newer tidegate"))]
    Version {
        /// The name with its version.
        found: String,
    },
    /// A signed statement of another kind.
    #[error("expected {expected}, found `{found}`")]
    #[diagnostic(code(refused::predicate), help("name a verdict that tidegate made"))]
    Predicate {
        /// What should stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// Fields that contradict each other.
    #[error("inconsistent: {what}")]
    #[diagnostic(
        code(refused::inconsistent),
        help("sign again with an unmodified tidegate")
    )]
    Inconsistent {
        /// Which fields.
        what: String,
    },
}
