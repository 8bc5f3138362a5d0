//! The four tables that the nested page reads, as `sea-orm-cli generate entity --seaography` writes them.

pub mod agent {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "agent")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        #[sea_orm(unique)]
        pub number: String,
        pub login_id: Uuid,
        pub customer_id: Uuid,
        pub display_name: String,
        pub kind: String,
        pub status: String,
        pub joined_at: DateTimeWithTimeZone,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::affiliation::Entity")]
        Affiliation,
        #[sea_orm(has_many = "super::charge::Entity")]
        Charge,
    }

    impl Related<super::affiliation::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Affiliation.def()
        }
    }

    impl Related<super::charge::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Charge.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelatedEntity)]
    pub enum RelatedEntity {
        #[sea_orm(entity = "super::affiliation::Entity")]
        Affiliation,
        #[sea_orm(entity = "super::charge::Entity")]
        Charge,
    }
}

pub mod affiliation {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "affiliation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub customer_id: Uuid,
        pub agent_id: Uuid,
        pub method: String,
        pub since: DateTimeWithTimeZone,
        pub until: Option<DateTimeWithTimeZone>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::agent::Entity",
            from = "Column::AgentId",
            to = "super::agent::Column::Id"
        )]
        Agent,
        #[sea_orm(
            belongs_to = "super::customer::Entity",
            from = "Column::CustomerId",
            to = "super::customer::Column::Id"
        )]
        Customer,
    }

    impl Related<super::agent::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Agent.def()
        }
    }

    impl Related<super::customer::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Customer.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelatedEntity)]
    pub enum RelatedEntity {
        #[sea_orm(entity = "super::agent::Entity")]
        Agent,
        #[sea_orm(entity = "super::customer::Entity")]
        Customer,
    }
}

pub mod customer {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "customer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        #[sea_orm(unique)]
        pub number: String,
        pub name: String,
        pub email: Option<String>,
        pub status: String,
        pub management: String,
        pub joined_at: DateTimeWithTimeZone,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::affiliation::Entity")]
        Affiliation,
        #[sea_orm(has_many = "super::charge::Entity")]
        Charge,
    }

    impl Related<super::affiliation::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Affiliation.def()
        }
    }

    impl Related<super::charge::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Charge.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelatedEntity)]
    pub enum RelatedEntity {
        #[sea_orm(entity = "super::affiliation::Entity")]
        Affiliation,
        #[sea_orm(entity = "super::charge::Entity")]
        Charge,
    }
}

pub mod charge {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "charge")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub customer_id: Uuid,
        pub agent_id: Option<Uuid>,
        pub kind: String,
        pub state: String,
        pub description: String,
        pub amount: i64,
        pub occurred_at: DateTimeWithTimeZone,
        pub external_id: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::agent::Entity",
            from = "Column::AgentId",
            to = "super::agent::Column::Id"
        )]
        Agent,
        #[sea_orm(
            belongs_to = "super::customer::Entity",
            from = "Column::CustomerId",
            to = "super::customer::Column::Id"
        )]
        Customer,
    }

    impl Related<super::agent::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Agent.def()
        }
    }

    impl Related<super::customer::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Customer.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelatedEntity)]
    pub enum RelatedEntity {
        #[sea_orm(entity = "super::agent::Entity")]
        Agent,
        #[sea_orm(entity = "super::customer::Entity")]
        Customer,
    }
}
