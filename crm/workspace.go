package crm

import "time"

// Workspace is the tenant: a team with its channels, contacts and inbox. Every
// other row belongs to exactly one.
type Workspace struct {
	ID        WorkspaceID
	Name      string
	TimeZone  string // IANA name; "Asia/Jakarta" when nobody said otherwise
	Locale    string // BCP 47: "id" or "en"
	Region    string // ISO 3166-1 alpha-2; how a number without a country code is read: "ID"
	CreatedAt time.Time
}
