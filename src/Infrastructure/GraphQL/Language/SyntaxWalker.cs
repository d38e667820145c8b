using System.Collections.Immutable;

namespace Events.GraphQL.Language;

/// <summary>
/// Goes over a document in the order of its text. A subclass says what it does on the way in and on the way out.
/// </summary>
internal abstract class SyntaxWalker
{
    /// <summary>When set, nothing further is entered.</summary>
    protected bool IsStopped { get; set; }

    internal void Walk(SyntaxNode node)
    {
        if (IsStopped)
        {
            return;
        }

        if (Enter(node))
        {
            node.WalkChildren(this);
        }

        Leave(node);
    }

    internal void WalkIf(SyntaxNode? node)
    {
        if (node is not null)
        {
            Walk(node);
        }
    }

    internal void WalkAll<T>(ImmutableArray<T> nodes)
        where T : SyntaxNode
    {
        foreach (T node in nodes)
        {
            Walk(node);
        }
    }

    /// <returns>Whether to go into its children. <see cref="Leave"/> is called either way.</returns>
    protected virtual bool Enter(SyntaxNode node) => true;

    protected virtual void Leave(SyntaxNode node)
    {
    }
}
