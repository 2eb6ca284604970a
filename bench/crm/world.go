package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host"
)

// world is a database with data in it, and what is known of it.
type world struct {
	*database
	shape   shape
	offices []office
	vocab   vocabulary
	threads []thread
	rare    string   // the longest word that somebody of the first workspace is called
	sent    []string // provider ids of messages that were sent, of the first workspace
	phones  []int    // numbers of the first workspace's contacts
	mail    *provider
	seeding time.Duration
}

// newWorld makes a database and fills it.
func (b *bench) newWorld(ctx context.Context, kind string, shape shape) (*world, error) {
	d, err := b.newDatabase(ctx, kind)
	if err != nil {
		return nil, err
	}
	w := &world{database: d, shape: shape}
	if w.mail, err = newProvider(); err == nil {
		err = w.furnish(ctx)
	}
	if err == nil {
		began := time.Now()
		b.say("%s: %d messages in %d conversations", kind, shape.Messages, shape.Conversations)
		err = w.seed(ctx, b.say)
		w.seeding = time.Since(began)
		b.say("%s: seeded in %.0f s", kind, w.seeding.Seconds())
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *world) close() {
	w.mail.close()
	w.database.close()
}

// furnish makes the workspaces with what the services make for them.
func (w *world) furnish(ctx context.Context) error {
	s, err := host.OpenServices(ctx, w.config(), nil)
	if err != nil {
		return err
	}
	defer s.Close()
	for i := range w.shape.Workspaces {
		o, err := furnishOne(ctx, s, i, w.mail.url)
		if err != nil {
			return err
		}
		w.offices = append(w.offices, o)
	}
	return nil
}

func furnishOne(ctx context.Context, s *host.Services, i int, providerURL string) (office, error) {
	name := strconv.Itoa(i)
	ws, _, err := s.Directory.CreateWorkspace(ctx, crm.Workspace{Name: "Contoh " + name}, crm.Member{Name: "Owner", Email: "owner" + name + "@example.com"})
	if err != nil {
		return office{}, err
	}
	p := access.System(ws.ID)
	o := office{id: ws.ID, secret: crm.Secret(rand.Text()), number: fmt.Sprintf("1000000000%05d", i)}
	key, err := s.Directory.CreateKey(ctx, p, "bench", []string{access.ScopeRead, access.ScopeWrite}, time.Time{})
	if err != nil {
		return o, err
	}
	o.key = key.Secret
	ch, err := s.Directory.SaveChannel(ctx, p, crm.Channel{
		Provider: crm.Meta, PhoneNumberID: o.number, BusinessAccountID: fmt.Sprintf("9000000000%05d", i), DisplayNumber: "+62 812 0000 0100", Name: "Sales",
		BaseURL: providerURL, Credentials: crm.Credentials{Token: "bench-token", VerifyToken: "bench-verify", WebhookSecrets: []crm.Secret{o.secret}},
	})
	if err != nil {
		return o, err
	}
	o.channel = ch.ID
	for n := range 5 {
		m, err := s.Directory.SaveMember(ctx, p, crm.Member{Name: names[n], Email: fmt.Sprintf("m%d.%d@example.com", i, n), Role: crm.Agent})
		if err != nil {
			return o, err
		}
		o.members = append(o.members, m.ID)
	}
	for _, tag := range []string{"beasiswa", "australia", "visa", "vip", "dokumen", "follow up", "lunas", "alumni"} {
		t, err := s.People.SaveTag(ctx, p, crm.Tag{Name: tag})
		if err != nil {
			return o, err
		}
		o.tags = append(o.tags, t.ID)
	}
	for _, f := range []struct {
		key string
		of  crm.FieldType
	}{{"city", crm.TextField}, {"budget", crm.NumberField}, {"intake", crm.DateField}} {
		if _, err := s.People.AddField(ctx, p, f.key, f.of, people.FieldEdit{}); err != nil {
			return o, err
		}
	}
	return o, nil
}
