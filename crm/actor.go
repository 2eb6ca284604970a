package crm

// ActorKind says what kind of somebody acted.
type ActorKind string

// The kinds of actor.
const (
	ByContact ActorKind = "contact" // the customer
	ByMember  ActorKind = "member"  // a person of the team, in our inbox
	ByKey     ActorKind = "api"     // a program, with an API key
	ByBot     ActorKind = "bot"     // our automatic replies
	ByApp     ActorKind = "app"     // the business's own phone or another program on the number
	BySystem  ActorKind = "system"  // the provider or we ourselves
)

// Actor is who did something: a kind and, for members and keys, which one.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`
}

// Member returns which member of the team the actor is; the zero id for anybody
// else.
func (a Actor) Member() MemberID {
	if a.Kind != ByMember {
		return MemberID{}
	}
	id, err := ParseID[Member](a.ID)
	if err != nil {
		return MemberID{}
	}
	return id
}
