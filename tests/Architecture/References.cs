using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Events.Tests.Architecture;

/// <summary>Something that an assembly uses from another one.</summary>
/// <param name="Assembly">Where it is from, e.g. <c>Events.Domain</c>.</param>
/// <param name="Type">Full name of the outermost type.</param>
/// <param name="Member">Null for the type itself.</param>
internal sealed record Reference(string Assembly, string Type, string? Member)
{
    public override string ToString() => Member is null ? Type : $"{Type}.{Member}";
}

/// <summary>
/// Reads what a built assembly refers to from its metadata. So a reference counts however it was written, and one that was only
/// imported does not.
/// </summary>
internal static class References
{
    public static IReadOnlyList<Reference> Of(ImmutableArray<byte> image)
    {
        using var file = new PEReader(image);
        MetadataReader metadata = file.GetMetadataReader();
        var found = new HashSet<Reference>();
        foreach (TypeReferenceHandle handle in metadata.TypeReferences)
        {
            found.Add(Outermost(metadata, handle));
        }

        foreach (MemberReferenceHandle handle in metadata.MemberReferences)
        {
            MemberReference member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind == HandleKind.TypeReference)
            {
                found.Add(Outermost(metadata, (TypeReferenceHandle)member.Parent) with { Member = metadata.GetString(member.Name) });
            }
        }

        return [.. found];
    }

    private static Reference Outermost(MetadataReader metadata, TypeReferenceHandle handle)
    {
        TypeReference type = metadata.GetTypeReference(handle);
        return type.ResolutionScope.Kind switch
        {
            HandleKind.TypeReference => Outermost(metadata, (TypeReferenceHandle)type.ResolutionScope),
            HandleKind.AssemblyReference => new Reference(
                metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name),
                $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}",
                null),
            _ => new Reference("?", metadata.GetString(type.Name), null),
        };
    }
}
