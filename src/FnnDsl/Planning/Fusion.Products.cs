using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>Which group runs on the tiles of which matrix product.</summary>
internal sealed partial class Fusion
{
    /// <summary>
    /// A group without reductions that reads a product element by element, over the product's rows and columns, runs on its tiles.
    /// </summary>
    private void AttachToProducts()
    {
        foreach (var group in _groupOf.Values.Distinct().ToArray())
        {
            if (group.HasReductions || group.Anchors.Any(anchor => anchor.Placement != Placement.Column)) continue;
            var products = group.Anchors.SelectMany(Reads)
                .Where(read => IsTileRead(read, group.Domain))
                .Select(read => _graph[read.Node]).Distinct().OrderByDescending(node => node.Id);
            foreach (var product in products)
            {
                // A product of the forward half doesn't wait for gradients.
                if (_groupOfProduct.ContainsKey(product.Id) || group.IsBackward != _isBackward[product.Id]) continue;
                // Everything else the group reads must not wait for the product.
                if (group.Anchors.SelectMany(Reads).Where(read => Resolve(read.Node) == product.Id).Any(read => !IsTileRead(read, group.Domain))) continue;
                if (HasPathAround(product.Id, group)) continue;
                group.Product = product;
                group.Sources = null;
                _groupOfProduct.Add(product.Id, group);
                break;
            }
        }
    }

    private bool IsTileRead(Read read, LoopDomain domain)
    {
        var node = _graph[read.Node];
        return node.Operation is Contract { RightRank: 1 } && node.Type.Element == ElementType.F32 && !domain.Columns.IsOne
            && LoopDomain.Of(node.Type.Shape) == domain && read.Indices == AffineMap.Identity(domain.Variables, domain.Variables);
    }
}
