package cloud

// Tags that amirotate sets on what it makes. Nothing without TagRole is ever
// stopped, terminated, deregistered or deleted.
const (
	TagPrefix      = "amirotate:"
	TagRole        = TagPrefix + "role"         // one of the Role constants
	TagPatch       = TagPrefix + "patch"        // patch id, 16 hex digits
	TagSourceImage = TagPrefix + "source-image" // image id that the patch applies to
	TagRun         = TagPrefix + "run"          // 16 hex digits, the same for a run and its resumption
	TagBaseName    = TagPrefix + "base-name"    // name of the first image of the lineage

	// On builders only, where commands are run beside the patch.
	TagCommands = TagPrefix + "commands" // 16 hex digits, of what they are
	TagClaim    = TagPrefix + "claim"    // who runs them, and until when at most (RFC 3339)

	// On replacements only.
	TagCertMD5      = TagPrefix + "cert-md5"
	TagCertSHA256   = TagPrefix + "cert-sha256"
	TagCertNotAfter = TagPrefix + "cert-not-after" // RFC 3339
	TagTrusts       = TagPrefix + "trusts"         // pins of the certificates in that file: 16 hex digits of each one's SHA-256, spaces between
	TagProvenAt     = TagPrefix + "proven-at"      // RFC 3339; absent until a prover has read the files back
)

// TagName is the tag that EC2's console shows as a resource's name.
const TagName = "Name"

// Values of TagRole.
const (
	RoleBuilder     = "builder"     // temporary instance of a source image, to be patched
	RoleProver      = "prover"      // temporary instance of a replacement, to read the files back
	RoleReplacement = "replacement" // the image made from a patched builder, and its snapshots
)
