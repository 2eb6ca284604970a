package lead

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
)

// Documents may name a tag as people do. What is stored names it by its id: that is
// what a contact has of it, and it is the same tag when it is called otherwise.

// Identified returns the rules with the ids of the tags that they name. A name that
// is none of the tags' is Invalid, see [Problems].
func (r *Rules) Identified(tags []*crm.Tag) (*Rules, error) {
	var f faults
	d := r.Document()
	d.eachTag(func(path, name string) string {
		if _, err := crm.ParseID[crm.Tag](name); err == nil {
			return name
		}
		for _, tag := range tags {
			if strings.EqualFold(tag.Name, name) {
				return tag.ID.String()
			}
		}
		f.when(true, path, "There is no tag %q.", name)
		return name
	})
	if len(f) > 0 {
		return nil, errors.Join(f...)
	}
	return New(d)
}

// Named returns the rules to show: with the names of the tags whose ids they have.
func (r *Rules) Named(tags []*crm.Tag) *Rules {
	d := r.Document()
	d.eachTag(func(_, id string) string {
		for _, tag := range tags {
			if tag.ID.String() == id {
				return tag.Name
			}
		}
		return id
	})
	return compile(d)
}

// eachTag puts something in place of each tag of the document, which is not shared.
func (d *Document) eachTag(with func(path, tag string) string) {
	for i := range d.Signals {
		s := &d.Signals[i]
		s.Tags = slices.Clone(s.Tags)
		for j, tag := range s.Tags {
			s.Tags[j] = with(fmt.Sprintf("signals[%d].tags[%d]", i, j), tag)
		}
	}
}
