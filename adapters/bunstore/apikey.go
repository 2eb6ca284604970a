package bunstore

import (
	"context"
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type apiKeyRow struct {
	bun.BaseModel `bun:"table:api_keys,alias:api_keys"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ID          uid    `bun:"id,pk"`
	Name        text   `bun:"name"`
	Prefix      text   `bun:"prefix"`
	Hash        []byte `bun:"hash"`
	Scopes      text   `bun:"scopes"` // JSON
	CreatedAt   stamp  `bun:"created_at"`
	ExpiresAt   moment `bun:"expires_at"`
	RevokedAt   moment `bun:"revoked_at"`
	LastUsedAt  moment `bun:"last_used_at"`
}

// apiKeyHashRow finds the workspace of a key.
type apiKeyHashRow struct {
	bun.BaseModel `bun:"table:api_key_hashes,alias:api_key_hashes"`

	Hash        []byte `bun:"hash,pk"`
	WorkspaceID uid    `bun:"workspace_id"`
	KeyID       uid    `bun:"key_id"`
}

func apiKeyOf(k *crm.APIKey) (apiKeyRow, error) {
	scopes, err := json.Marshal(k.Scopes)
	return apiKeyRow{
		WorkspaceID: uid(k.WorkspaceID), ID: uid(k.ID), Name: text(k.Name), Prefix: text(k.Prefix), Hash: k.Hash[:],
		Scopes: text(scopes), CreatedAt: stamp(k.CreatedAt), ExpiresAt: moment(k.ExpiresAt), RevokedAt: moment(k.RevokedAt),
		LastUsedAt: moment(k.LastUsedAt),
	}, err
}

func (r *apiKeyRow) key() (*crm.APIKey, error) {
	k := &crm.APIKey{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.APIKeyID(r.ID), Name: string(r.Name), Prefix: string(r.Prefix),
		CreatedAt: time.Time(r.CreatedAt), ExpiresAt: time.Time(r.ExpiresAt), RevokedAt: time.Time(r.RevokedAt),
		LastUsedAt: time.Time(r.LastUsedAt),
	}
	copy(k.Hash[:], r.Hash)
	return k, json.Unmarshal([]byte(r.Scopes), &k.Scopes)
}

// SaveKey implements directory.Keys.
func (s directoryStore) SaveKey(ctx context.Context, k *crm.APIKey) error {
	return s.save(ctx, "save an API key", k.WorkspaceID, func(b *batch) {
		put(b, rowsOf(b, []*crm.APIKey{k}, apiKeyOf), replaceByID)
		b.do("delete from api_key_hashes where workspace_id = ? and key_id = ?", uid(k.WorkspaceID), uid(k.ID))
		put(b, []apiKeyHashRow{{Hash: k.Hash[:], WorkspaceID: uid(k.WorkspaceID), KeyID: uid(k.ID)}}, "")
	})
}

// KeyByHash implements directory.Keys.
func (s directoryStore) KeyByHash(ctx context.Context, hash [32]byte) (*crm.APIKey, error) {
	q := from[apiKeyRow](s.Store).
		and(" join api_key_hashes on api_keys.workspace_id = api_key_hashes.workspace_id and api_keys.id = api_key_hashes.key_id").
		and(" where api_key_hashes.hash = ?", hash[:])
	return one(ctx, s.reader("find an API key", everywhere), q, "API key", (*apiKeyRow).key)
}

// KeysByHash implements directory.Keys. It looks one table up after the other: a join
// of them was gone about the wrong way while PostgreSQL did not know how many rows they
// have, and took seconds for a thousand.
func (s directoryStore) KeysByHash(ctx context.Context, hashes ...[32]byte) ([]*crm.APIKey, error) {
	l := s.reader("find API keys", everywhere)
	l.scope.Plan = ByKey
	hash := []Column{{Name: "hash", Kind: Bytes}}
	for i := range hashes {
		hash[0].Bytes = append(hash[0].Bytes, hashes[i][:])
	}
	d := s.dialect
	var named []apiKeyHashRow
	err := l.run(ctx, load(ctx, l, Statement{
		SQL: from[apiKeyHashRow](s.Store).SQL + " where hash in (select hash from " + d.Unnest(hash) + ")", Args: d.Given(hash),
	}, &named))
	if err != nil {
		return nil, err
	}
	keys := lookupBy(byID)
	for i := range named {
		keys.add(named[i].WorkspaceID, &named[i].KeyID)
	}
	var rows []apiKeyRow
	if err := l.run(ctx, find(ctx, l, keys, "", &rows)...); err != nil {
		return nil, err
	}
	found := make([]*crm.APIKey, 0, len(rows))
	for i := range rows {
		if key, err := rows[i].key(); err == nil {
			found = append(found, key)
		}
	}
	return found, nil
}

// Keys implements directory.Keys.
func (s directoryStore) Keys(ctx context.Context, ws crm.WorkspaceID) ([]*crm.APIKey, error) {
	q := from[apiKeyRow](s.Store).and(" where workspace_id = ? order by id", uid(ws))
	return list(ctx, s.reader("list API keys", of(ws)), q, (*apiKeyRow).key)
}

// TouchKey implements directory.Keys. It never moves the time back.
func (s directoryStore) TouchKey(ctx context.Context, ws crm.WorkspaceID, id crm.APIKeyID, at time.Time) error {
	return s.save(ctx, "note an API key's use", ws, func(b *batch) {
		b.do("update api_keys set last_used_at = ? where workspace_id = ? and id = ? and (last_used_at is null or last_used_at < ?)",
			stamp(at), uid(ws), uid(id), stamp(at))
	})
}
