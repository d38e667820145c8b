namespace Events.Domain.Kernel;

/// <summary>What an account is there for.</summary>
// Zero is left out so that a forgotten value is never taken for a real one.
public enum Role
{
    Viewer = 1,
    Operator = 2,
    Admin = 3,

    /// <summary>Reads the whole log, and sees no picture.</summary>
    Auditor = 4,
}

/// <summary>Something that a role may do, or may not.</summary>
public enum Right
{
    /// <summary>Which cameras, recordings and snapshots there are, without a picture or an address of one.</summary>
    ReadCatalogue = 1,

    /// <summary>Live pictures, files, and addresses that open them.</summary>
    SeePictures = 2,

    /// <summary>Facts about cameras and footage, without the names of those who caused them.</summary>
    ReadFacts = 3,

    /// <summary>Facts about access and administration, and who caused any fact.</summary>
    ReadAudit = 4,

    /// <summary>Recordings, snapshots, broadcasts, external streams.</summary>
    Control = 5,

    /// <summary>How the machine is.</summary>
    ReadStatus = 6,

    /// <summary>Cameras come and go; footage is deleted, kept or held.</summary>
    Administer = 7,

    /// <summary>Who may come in.</summary>
    ManageAccess = 8,
}

/// <summary>The one table of who may do what. Every way in asks it, and nothing else.</summary>
public static class Policy
{
    /// <summary>Roles of each right, the least one first.</summary>
    public static IReadOnlyDictionary<Right, IReadOnlyList<Role>> Table { get; } = new Dictionary<Right, IReadOnlyList<Role>>
    {
        [Right.ReadCatalogue] = [Role.Viewer, Role.Operator, Role.Admin, Role.Auditor],
        [Right.SeePictures] = [Role.Viewer, Role.Operator, Role.Admin],
        [Right.ReadFacts] = [Role.Viewer, Role.Operator, Role.Admin, Role.Auditor],
        [Right.ReadAudit] = [Role.Auditor, Role.Admin],
        [Right.Control] = [Role.Operator, Role.Admin],
        [Right.ReadStatus] = [Role.Admin],
        [Right.Administer] = [Role.Admin],
        [Right.ManageAccess] = [Role.Admin],
    };

    public static bool Allows(Role role, Right right) => Table[right].Contains(role);

    /// <param name="scopes">Null for all rights of the role.</param>
    public static bool Allows(Role role, ScopeList? scopes, Right right) =>
        Allows(role, right) && scopes?.Contains(right) != false;

    /// <summary>The least role that has a right, for answers to those who do not have it.</summary>
    public static Role LeastOf(Right right) => Table[right][0];

    /// <summary>Whether a role may all that another one may.</summary>
    public static bool Covers(Role role, Role other) =>
        Table.Keys.All(right => !Allows(other, right) || Allows(role, right));
}
