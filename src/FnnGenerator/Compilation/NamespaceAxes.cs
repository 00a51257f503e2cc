using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Compilation;

/// <summary>
/// What the models and trainings of one namespace share in C#: a type for each axis of their signatures, and the dims as constants. One
/// file has them all, so that <c>batch</c> of one model is <c>batch</c> of another.
/// </summary>
internal sealed record NamespaceAxes(string Namespace, string FileStem, EquatableArray<BoundAxis> Axes, EquatableArray<BoundDim> Dims)
{
    public static IEnumerable<NamespaceAxes> Of(IEnumerable<CompiledDeclaration> declarations, IEnumerable<BoundDim> dims)
    {
        var dimsByNamespace = dims.ToLookup(dim => dim.Namespace, StringComparer.Ordinal);
        var declarationsByNamespace = declarations.ToLookup(declaration => declaration.Namespace, StringComparer.Ordinal);
        var spaces = dimsByNamespace.Select(own => own.Key).Union(declarationsByNamespace.Select(own => own.Key), StringComparer.Ordinal)
            .OrderBy(space => space, StringComparer.Ordinal)
            .ToList();
        return spaces.Zip(FileStems.Of(spaces), (space, stem) => new NamespaceAxes(
            space,
            stem,
            Distinct(declarationsByNamespace[space].SelectMany(declaration => declaration.Axes)),
            dimsByNamespace[space].OrderBy(dim => dim.Name, StringComparer.Ordinal).ToEquatableArray()));
    }

    /// <summary>
    /// Each name once, and each axis without a name. A name has a fixed size when all its uses have the same; one that is sized at run
    /// time, or differs between members of a family, has none.
    /// </summary>
    private static EquatableArray<BoundAxis> Distinct(IEnumerable<BoundAxis> axes)
    {
        var all = axes.Distinct().ToList();
        var named = all.Where(axis => axis.Name is not null).GroupBy(axis => axis.Name!, StringComparer.Ordinal)
            .Select(uses => new BoundAxis(uses.Key, uses.All(use => use.Size.IsConstant) && uses.Count() == 1 ? uses.First().Size : Size.Axis(uses.Key)));
        return all.Where(axis => axis.Name is null).Concat(named)
            .OrderBy(axis => axis.Name ?? "", StringComparer.Ordinal)
            .ThenBy(axis => axis.Size.ToString(), StringComparer.Ordinal)
            .ToEquatableArray();
    }
}
