package node

import (
	"context"
	"fmt"

	"vitrine/packager/asset"
)

// Fetch makes the node's channels an edge.Source.
func (n *Node) Fetch(ctx context.Context, r asset.Request) (asset.Asset, error) {
	c := n.channels[r.Channel]
	if c == nil {
		return asset.Asset{}, fmt.Errorf("%w: no channel %q", asset.ErrNotFound, r.Channel)
	}
	program, err := c.onShow(ctx)
	if err != nil {
		return asset.Asset{}, err
	}
	if program == nil {
		return asset.Asset{}, fmt.Errorf("%w: %s is off air", asset.ErrNotFound, r.Channel)
	}
	return program.Fetch(ctx, r)
}
