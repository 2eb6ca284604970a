package lead

import "github.com/my21staff/my21staff/crm"

// Stored returns the rules a workspace has stored, nil for none: then they are
// Education's, which is version 1. Rules that cannot be read any more, as after
// going back to an older program, are Education's too, under the version they
// were stored as: no message must be lost for them.
func Stored(stored *crm.LeadRules) *Rules {
	if stored == nil {
		return Education()
	}
	rules, err := ParseVersion(stored.Document, stored.Version)
	if err != nil {
		instead := Education().Document()
		instead.Version = stored.Version
		return compile(instead)
	}
	return rules
}
